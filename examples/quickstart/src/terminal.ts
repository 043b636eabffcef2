import type { Progress, RecipeRunOptions } from '@m2l/m2l'
import Table from 'cli-table3'

/** Everything but the result goes to standard error. */
export function say(line: string): void {
  process.stderr.write(`${line}\n`)
}

const isTerminal = process.stderr.isTTY === true

/** One line that is written over and over; nothing where standard error is no terminal. */
export function showProgress(progress: Progress): void {
  const { phase, epoch, epochs, done, total, unit, loss, accuracy, perSecond } = progress
  overwrite(
    [
      epoch === undefined ? phase : `${phase} ${epoch}/${epochs}`,
      `${done}/${total} ${unit}`,
      ...(loss === undefined ? [] : [`loss ${loss.toFixed(3)}`]),
      ...(accuracy === undefined ? [] : [`accuracy ${(100 * accuracy).toFixed(1)} %`]),
      `${perSecond.toPrecision(3)} ${unit}/s`,
    ].join('  '),
  )
}

export function showRendering(done: number, total: number): void {
  overwrite(`drawing emoji ${done}/${total}`)
}

export const showValidation: NonNullable<RecipeRunOptions['onValidation']> = (epoch, { accuracy, task }) => {
  overwrite('')
  say(`  epoch ${epoch}: ${(100 * accuracy).toFixed(1)} % of validation queries right (${task.text})`)
}

function overwrite(line: string): void {
  if (isTerminal) process.stderr.write(`\r\u001b[2K${line}`)
}

/** The accuracies of a result as a table. */
export function accuracyTable(result: {
  readonly episodes: number
  readonly accuracy: Readonly<Record<string, number>>
  readonly interval95: Readonly<Record<string, number>>
}): string {
  overwrite('')
  const table = new Table({
    head: ['5-way 1-shot', `accuracy, ${result.episodes} episodes (%)`],
    colAligns: ['left', 'right'],
    style: { head: [], border: [] },
  })
  for (const [name, accuracy] of Object.entries(result.accuracy)) {
    table.push([name, `${(100 * accuracy).toFixed(2)} ± ${(100 * result.interval95[name]!).toFixed(2)}`])
  }
  return table.toString()
}
