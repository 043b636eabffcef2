import type { ArrivedPicture, WatchedBy } from '@m2l/m2l'
import { interruptible } from '../interruptible.js'
import { count, percent, printable } from '../terminal/format.js'
import { ProgressDisplay } from '../terminal/progress-display.js'
import type { CardOption } from './card-option.js'
import { compareBy, type CompareOptions } from './compare-options.js'
import { loadChosenEngine, type EngineOptions } from './engine-options.js'
import type { OutputOptions } from './output-options.js'
import { complaintOfUnreadable } from './unreadable-pictures.js'

/** What `m2l classify --watch` takes. */
export interface WatchCommandOptions extends EngineOptions, OutputOptions, CardOption, CompareOptions {
  readonly watch?: string
  readonly support?: string
  readonly load?: string
  readonly save?: string
  readonly weights?: string
  readonly cfg?: string
  readonly unknown?: number | 'auto'
  readonly top?: number
  readonly labels?: string
  readonly force?: true
}

/**
 * Answers for each picture that arrives in a folder, a line each, until it is interrupted. The exit code is 2
 * where pictures or examples could not be read till then.
 */
export async function watch(folder: string, options: WatchCommandOptions): Promise<void> {
  const display = new ProgressDisplay(options)
  let answered = 0
  const unread = new Map<string, { readonly reason: string }>()
  let unreadableExamples: WatchedBy['unreadableExamples'] = []
  const complaint = () => complaintOfUnreadable({ unreadable: [...unread.values()], unreadableExamples })
  const left = () =>
    [`${count(answered, 'picture was', 'pictures were')} answered`, complaint()]
      .filter((line) => line !== undefined)
      .join('; ')
  const exitCode = () => (complaint() === undefined ? undefined : 2)
  const answer = async (signal: AbortSignal) => {
    const { unreadHint } = await import('@m2l/datasets')
    const { readRecipe, watchPictures } = await import('@m2l/m2l')
    const recipe = options.cfg === undefined ? undefined : await readRecipe(options.cfg)
    await loadChosenEngine(options)
    const reading = display.counting('reading examples')
    const arrived = watchPictures({
      folder,
      support: options.support,
      load: options.load,
      save: options.save,
      weights: options.weights,
      card: options.card,
      ...compareBy(options),
      recipe,
      force: options.force,
      unknown: options.unknown,
      top: options.top,
      labels: options.labels,
      onProgress: (_, done, total) => reading(done, total),
      onNote: (line) => options.quiet || display.say(line),
      onReady: (by) => {
        unreadableExamples = by.unreadableExamples
        tellReady(folder, by, options, display)
      },
      onPassedOver: (file) => {
        const hint = unreadHint([file])
        if (hint === undefined) display.note(`${printable(file, 300)}: no picture by its ending`)
        else if (!options.quiet) display.say(`${printable(file, 300)}: is not read; ${hint}`)
      },
      signal,
    })
    for await (const one of arrived) {
      if ('reason' in one) unread.set(one.file, one)
      else {
        unread.delete(one.file)
        answered++
      }
      tell(one, options)
    }
  }
  await interruptible(display, left, answer, { exitCode })
}

function tellReady(
  folder: string,
  { weights, classes, unreadableExamples }: WatchedBy,
  { quiet }: OutputOptions,
  display: ProgressDisplay,
): void {
  const complaint = complaintOfUnreadable({ unreadable: [], unreadableExamples })
  if (complaint !== undefined) display.say(`m2l: ${complaint}`)
  if (quiet) return
  const examples = Object.values(classes).reduce((sum, number) => sum + number, 0)
  display.say(
    `watching ${folder} by ${count(examples, 'example')} of ${count(Object.keys(classes).length, 'class')} with ${weights}; Ctrl-C ends it`,
  )
}

function tell(one: ArrivedPicture, { json, top = 1 }: Pick<WatchCommandOptions, 'json' | 'top'>): void {
  if (json) {
    process.stdout.write(`${JSON.stringify(one)}\n`)
    return
  }
  if ('reason' in one) {
    process.stderr.write(`${printable(one.reason, 300)}\n`)
    return
  }
  const { file, label, displayName = label, nearest, probability, probabilities, familiarity } = one
  const isUnknown = familiarity !== undefined && label !== nearest
  const next = probabilities
    .slice(isUnknown && top > 1 ? 0 : 1, top)
    .map((other) => `${other.label} ${percent(other.probability)} %`)
  const columns = [
    printable(file, 300),
    ...(isUnknown
      ? [`${displayName}, nearest to ${printable(nearest!)}`, '-']
      : [printable(displayName), `${percent(probability)} %`]),
    ...(familiarity === undefined ? [] : [`familiarity ${familiarity.toFixed(2)}`]),
    ...next.map((text) => printable(text)),
  ]
  process.stdout.write(`${columns.join('\t')}\n`)
}
