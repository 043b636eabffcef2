import { InputError, loadEngine } from '@m2l/engine'
import Table from 'cli-table3'
import { commonOptions, readWords, runCommand, wholeNumber } from '../command-line.js'
import { soak, type SoakedWork, type SoakLength } from './soak.js'

const usage = 'usage: npm run soak -- [--steps 20000] [--episodes 50000] [--json]'

const help = `${usage}

Trains a small model and evaluates it for long, and measures whether resident memory, tensors and open files grow.

  --steps N     training steps, at least 200 (default 20000)
  --episodes N  evaluation episodes, at least 40 (default 50000)
  --json        one line of JSON on standard output and nothing else
  --help        this text

Exit codes: 0 all is flat, 1 something grows, 2 bad input.`

/**
 * Trains and evaluates for long and prints whether what the process holds grows.
 *
 * @param args the words after the program's name
 * @returns the exit code: 0 all is flat, 1 something grows, 2 bad input
 */
export function runSoakCommand(args: readonly string[]): Promise<number> {
  return runCommand('soak', async () => {
    const { steps, episodes, json, isHelp } = readArguments(args)
    if (isHelp) {
      process.stdout.write(`${help}\n`)
      return 0
    }
    await loadEngine()
    const works = await soak({ steps, episodes }, (line) => {
      if (!json) process.stderr.write(`${line}\n`)
    })
    const flat = works.every((work) => work.flat)
    process.stdout.write(`${json ? JSON.stringify({ flat, works }) : table(works)}\n`)
    return flat ? 0 : 1
  })
}

function readArguments(
  args: readonly string[],
): SoakLength & { readonly json: boolean; readonly isHelp: boolean } {
  const options = {
    steps: { type: 'string', default: '20000' },
    episodes: { type: 'string', default: '50000' },
    ...commonOptions,
  } as const
  const { values } = readWords({ args: [...args], options }, usage)
  const steps = wholeNumber('--steps', values.steps)
  const episodes = wholeNumber('--episodes', values.episodes)
  if (steps < 200) throw new InputError(`--steps is ${steps}; expected at least 200, ten for each sample`)
  if (episodes < 40)
    throw new InputError(`--episodes is ${episodes}; expected at least 40, one for each sample`)
  return { steps, episodes, json: values.json, isHelp: values.help }
}

function table(works: readonly SoakedWork[]): string {
  const rows = new Table({
    head: ['', 'quarter', 'memory (MiB)', 'tensors', 'open files', ''],
    style: { head: [] },
  })
  for (const { work, done, unit, seconds, second, last, flat } of works) {
    for (const [name, medians] of [['second', second] as const, ['last', last] as const]) {
      const isLast = name === 'last'
      rows.push([
        isLast ? `${done} ${unit} in ${seconds.toFixed(0)} s` : work,
        name,
        medians.residentMib.toFixed(1),
        String(medians.tensors),
        String(medians.handles),
        isLast ? (flat ? 'flat' : 'grows') : '',
      ])
    }
  }
  return rows.toString()
}
