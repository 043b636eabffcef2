import { stat } from 'node:fs/promises'
import type { ClassificationReport, SortedPictures, SortPlan } from '@m2l/m2l'
import { Option, type Command } from 'commander'
import { commandLine } from '../shell-words.js'
import { count, printable } from '../terminal/format.js'
import type { ProgressDisplay } from '../terminal/progress-display.js'
import { table } from '../terminal/table.js'

/** How `m2l classify` sorts pictures into folders of their classes. */
export interface SortingCommandOptions {
  readonly support?: string
  readonly query?: string[]
  readonly moveTo?: string
  readonly linkTo?: string
  readonly yes?: true
}

/** What came of sorting, or would. */
export interface SortingReport extends SortPlan {
  /** Whether it was done, or only planned. */
  readonly isDone: boolean
  /** Pictures that were gone when their turn came. */
  readonly gone: readonly string[]
  /** The file by which it is undone. */
  readonly undo: string | null
}

/** Adds the options that sort pictures. */
export function withSorting(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--move-to <folder>',
        'move the pictures into folders of their classes there; tells what would be moved, and does it with --yes',
      ).conflicts('linkTo'),
    )
    .option('--link-to <folder>', 'the same with links, which leave the pictures where they are')
    .option('--yes', 'do what --move-to or --link-to tells')
}

/** The folder and how pictures come into it; nothing where they are not sorted. */
function sortOf({ moveTo, linkTo, support }: SortingCommandOptions) {
  const into = moveTo ?? linkTo
  if (into === undefined) return undefined
  return { how: moveTo === undefined ? ('link' as const) : ('move' as const), into, keep: support }
}

/**
 * Refuses what cannot be sorted, before any work is done.
 *
 * @throws {InputError} when the pictures cannot be sorted, or `--yes` has nothing to confirm
 */
export async function checkSorting(query: readonly string[], options: SortingCommandOptions): Promise<void> {
  const sort = sortOf(options)
  if (sort) {
    const { requireSortable } = await import('@m2l/m2l')
    await requireSortable(query, sort)
  } else if (options.yes) {
    const { InputError } = await import('@m2l/engine')
    throw new InputError('--yes confirms --move-to FOLDER or --link-to FOLDER; name one, or leave it out')
  }
}

/**
 * Plans where classified pictures go, and with `--yes` sorts them; nothing where this is not asked for.
 *
 * @param onUndoFile told the file by which it can be undone, before the first picture
 */
export async function sortClassified(
  { predictions, classes }: ClassificationReport,
  options: SortingCommandOptions,
  {
    display,
    signal,
    onUndoFile,
  }: { display: ProgressDisplay; signal: AbortSignal; onUndoFile: (file: string) => void },
): Promise<SortingReport | undefined> {
  const sort = sortOf(options)
  if (!sort) return undefined
  const { planSort, sortPictures, unknownLabel } = await import('@m2l/m2l')
  const isFolder = sort.keep !== undefined && (await stat(sort.keep).catch(() => undefined))?.isDirectory()
  const plan = await planSort(predictions, {
    ...sort,
    labels: [...Object.keys(classes), unknownLabel],
    keep: isFolder ? sort.keep : undefined,
  })
  if (!options.yes) return { ...plan, isDone: false, gone: [], undo: null }
  const onProgress = display.counting(sort.how === 'move' ? 'moving' : 'linking')
  const done: SortedPictures = await sortPictures(plan, { onProgress, onUndoFile, signal })
  return { ...plan, pictures: done.sorted, isDone: true, gone: done.gone, undo: done.undo }
}

/** What was sorted, or would be, for people. */
export function describeSorting({ how, into, pictures, notes, isDone, undo }: SortingReport): string {
  const verb = how === 'move' ? 'moved' : 'linked to'
  const rows = pictures.map(({ file, to }) => [printable(file), printable(to)])
  const numbers = `${count(pictures.length, 'picture')} ${isDone ? (pictures.length === 1 ? 'is' : 'are') : 'would be'} ${verb}, into ${printable(into)}`
  return [
    ...(rows.length > 0 && !isDone
      ? [table(['picture', how === 'move' ? 'moves to' : 'gets a link at'], rows)]
      : []),
    ...notes,
    `${numbers}${isDone ? (undo === null ? '' : `; put back with: ${commandLine(['classes', 'undo', printable(undo, 300)])}`) : '; nothing is changed yet: add --yes to do it'}`,
    '',
  ].join('\n')
}

/** The line that a command ends with where pictures were gone; nothing where all were there. */
export function complaintOfGone({ gone }: SortingReport): string | undefined {
  if (gone.length === 0) return undefined
  return `${count(gone.length, 'picture was', 'pictures were')} not there any more when ${gone.length === 1 ? 'its' : 'their'} turn came: ${gone.slice(0, 3).join(', ')}${gone.length > 3 ? ', …' : ''}`
}
