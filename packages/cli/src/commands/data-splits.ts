import { Command } from 'commander'

/** `m2l data splits`. */
export function dataSplitsCommand(): Command {
  return new Command('splits')
    .description('list the split files that are shipped')
    .option('--json', 'print one JSON object on standard output and nothing else there')
    .helpOption('-h, --help', 'print help')
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
