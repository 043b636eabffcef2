import { commonOptions, readWords, runCommand, wholeNumber } from '../command-line.js'
import { crashTest, type CrashReport } from './crash-test.js'

const usage = 'usage: npm run crash-test -- [--kills 30] [--seed 1] [--json]'

const help = `${usage}

Kills a short training with SIGKILL at random moments, goes on from what it left, and compares how it ends with one that
was left in peace: weights, the optimiser's moments, statistics, counters, position, best checkpoint and logs, bit for bit.

  --kills N  processes to kill (default 30)
  --seed N   from which the moments are drawn (default 1)
  --json     one line of JSON on standard output and nothing else
  --help     this text

Exit codes: 0 every end is identical, 1 one is not, 2 bad input.`

/**
 * Kills trainings and prints whether they ended as one that was left in peace.
 *
 * @param args the words after the program's name
 * @returns the exit code: 0 every end is identical, 1 one is not, 2 bad input
 */
export function runCrashTestCommand(args: readonly string[]): Promise<number> {
  return runCommand('crash-test', async () => {
    const { kills, seed, json, isHelp } = readArguments(args)
    if (isHelp) {
      process.stdout.write(`${help}\n`)
      return 0
    }
    const report = await crashTest({ kills, seed }, (line) => {
      if (!json) process.stderr.write(`${line}\n`)
    })
    process.stdout.write(`${json ? JSON.stringify(report) : describe(report)}\n`)
    return report.identical ? 0 : 1
  })
}

function readArguments(args: readonly string[]) {
  const options = {
    kills: { type: 'string', default: '30' },
    seed: { type: 'string', default: '1' },
    ...commonOptions,
  } as const
  const { values } = readWords({ args: [...args], options }, usage)
  return {
    kills: wholeNumber('--kills', values.kills),
    seed: wholeNumber('--seed', values.seed),
    json: values.json,
    isHelp: values.help,
  }
}

function describe({ kills, duringWrites, trainings, identical, differences, seconds }: CrashReport): string {
  const what = `${kills} kills, ${duringWrites} of them within the write of a checkpoint, in ${trainings} trainings (${seconds} s)`
  if (identical) return `${what}: every end is identical to that of a training left in peace`
  return [`${what}: not every end is that of a training left in peace`, ...differences].join('\n')
}
