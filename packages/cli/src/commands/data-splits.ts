import { Command } from 'commander'
import { withJson } from './output-options.js'

/** `m2l data splits`. */
export function dataSplitsCommand(): Command {
  return withJson(new Command('splits'))
    .description('list the split files that are shipped')
    .addHelpText(
      'after',
      `
Examples:
  m2l data splits
  m2l data show cifar-100.tar.gz --split fc100`,
    )
    .action(async (options: { readonly json?: true }) => {
      const { shippedSplits } = await import('@m2l/datasets')
      const names = shippedSplits()
      process.stdout.write(options.json ? `${JSON.stringify({ splits: names })}\n` : `${names.join('\n')}\n`)
    })
}
