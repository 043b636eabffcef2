import type { Progress, RecipeRunOptions } from '@m2l/m2l'
import { SingleBar } from 'cli-progress'
import { asTyped } from '../program-name.js'
import { coloursFor } from './colours.js'
import { guessing, percent, seconds } from './format.js'

/** Seconds between two lines of progress where there is no terminal. */
const lineEvery = 10

/**
 * Progress on standard error: bars on a terminal, elsewhere a line for each validation; verbose, also a line
 * every ten seconds and notes on what is done.
 */
export class ProgressDisplay {
  readonly #quiet: boolean
  readonly #verbose: boolean
  #bar: SingleBar | undefined
  #title = ''
  #lineAt = 0

  constructor({ quiet, verbose }: { readonly quiet?: true; readonly verbose?: true }) {
    this.#quiet = quiet ?? false
    this.#verbose = verbose ?? false
  }

  readonly update = (progress: Progress): void => {
    this.#show(titleOf(progress), progress.done, progress.total, detailOf(progress))
  }

  /** Shows how many of some images, or of something else, are done, from the first call on. */
  readonly counting = (title: string, unit = 'images'): ((done: number, total: number) => void) => {
    let since: number | undefined
    return (done, total) => {
      since ??= performance.now()
      const perSecond = done / Math.max(1e-3, (performance.now() - since) / 1000)
      const secondsLeft = (total - done) / perSecond
      this.#show(title, done, total, detailOf({ unit, perSecond, secondsLeft }))
    }
  }

  /** Shows how much of the embedded data set is drawn. */
  readonly rendering = this.counting('drawing emoji')

  /** Shows how many decoded pictures are packed. */
  readonly packing = this.counting('packing pictures')

  readonly validation: NonNullable<RecipeRunOptions['onValidation']> = (epoch, validation, isBest) => {
    if (this.#quiet) return
    const accuracy = `${percent(validation.accuracy)} ± ${percent(validation.halfWidth95)} % (${validation.task.text})`
    const best = isBest ? coloursFor(process.stderr).green('  best so far') : ''
    this.say(`epoch ${epoch}: validation accuracy ${accuracy}${best}`)
  }

  /** Tells a line, below the bar if there is one. */
  readonly say = (line: string): void => {
    this.close()
    process.stderr.write(`${asTyped(line)}\n`)
  }

  /** Tells a line to those who want to know all. */
  readonly note = (line: string): void => {
    if (this.#verbose) this.say(line)
  }

  /** Ends the bar, if there is one. Harmless when repeated. */
  close(): void {
    this.#bar?.stop()
    this.#bar = undefined
    this.#title = ''
  }

  #show(title: string, done: number, total: number, detail: string): void {
    if (this.#quiet) return
    if (process.stderr.isTTY !== true) return this.#line(title, done, total, detail)
    if (title !== this.#title) this.#start(title, total)
    this.#bar?.update(done, { detail })
    if (done >= total) this.close()
  }

  #line(title: string, done: number, total: number, detail: string): void {
    const isDue = performance.now() >= this.#lineAt || (done >= total && title === this.#title)
    if (!this.#verbose || !isDue) return
    this.#title = title
    this.#lineAt = performance.now() + 1000 * lineEvery
    process.stderr.write(`${title} ${done}/${total}${detail === '' ? '' : ` · ${detail}`}\n`)
  }

  #start(title: string, total: number): void {
    this.close()
    this.#title = title
    this.#bar = new SingleBar({
      format: `${title.padEnd(16)} {bar} {value}/{total} {detail}`,
      barCompleteChar: '━',
      barIncompleteChar: '─',
      barsize: 24,
      hideCursor: true,
      stream: process.stderr,
    })
    this.#bar.start(total, 0, { detail: '' })
  }
}

function titleOf({ phase, epoch, epochs, unit }: Progress): string {
  if (epoch !== undefined) return `${phase} ${epoch}/${epochs}`
  return phase === 'embed' ? `${phase} ${unit}` : phase
}

/** Less waiting than this share of the time is not worth a word. */
const noticeable = 0.02

function detailOf({
  unit,
  loss,
  accuracy,
  chance,
  waiting = 0,
  perSecond,
  secondsLeft,
}: Pick<Progress, 'loss' | 'accuracy' | 'chance' | 'waiting' | 'perSecond' | 'secondsLeft'> & {
  readonly unit: string
}): string {
  return [
    ...(loss === undefined ? [] : [`loss ${loss.toFixed(3)}`]),
    ...(accuracy === undefined
      ? []
      : [`accuracy ${percent(accuracy)} %${chance === undefined ? '' : ` (${guessing(chance)})`}`]),
    ...(perSecond > 0 ? [`${perSecond.toPrecision(3)} ${unit}/s`] : []),
    ...(waiting >= noticeable ? [`waits for pictures ${percent(waiting)} %`] : []),
    ...(Number.isFinite(secondsLeft) ? [`${seconds(secondsLeft)} left`] : []),
  ].join(' · ')
}
