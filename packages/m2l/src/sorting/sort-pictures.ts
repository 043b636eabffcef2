import { lstat, mkdir, readlink, realpath, symlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { InputError } from '@m2l/engine'
import { makeFolder } from '@m2l/engine-native'
import { moveFile } from './move-file.js'
import { freeName, namesIn, type PlannedPicture, type SortPlan } from './plan-sort.js'
import { SortJournal } from './sort-journal.js'

/** What came of sorting. */
export interface SortedPictures {
  /** The pictures that were sorted, where they are now. */
  readonly sorted: readonly PlannedPicture[]
  /** Pictures that are not where they were classified any more. */
  readonly gone: readonly string[]
  /** The file by which it can be undone; null where nothing was done. */
  readonly undo: string | null
}

/** How sorting is followed. */
export interface SortingOptions {
  readonly onProgress?: (done: number, total: number) => void
  /** Told the file by which it can be undone, before the first step. */
  readonly onUndoFile?: (file: string) => void
  /** Aborting it breaks off after the picture under way. */
  readonly signal?: AbortSignal
}

/**
 * Carries out a plan, picture by picture. Nothing is overwritten, and before each step what undoes it is
 * written to a file in the folder, so that nothing is lost whenever the process is killed.
 *
 * @throws {InputError} when a picture cannot be sorted; it says how what was done is undone
 * @throws the signal's reason when it is aborted
 */
export async function sortPictures(
  { how, into, pictures }: SortPlan,
  { onProgress, onUndoFile, signal }: SortingOptions = {},
): Promise<SortedPictures> {
  const sorted: PlannedPicture[] = []
  const gone: string[] = []
  if (pictures.length === 0) return { sorted, gone, undo: null }
  let journal: SortJournal | undefined
  try {
    const isNew = (await makeFolder(into)) !== undefined
    const name = freeName('undo.jsonl', await namesIn(into))
    journal = await SortJournal.create(join(into, name), { format: 'm2l-sort-1', how, into })
    onUndoFile?.(journal.file)
    if (isNew) await journal.write({ folder: into })
    for (const picture of pictures) {
      signal?.throwIfAborted()
      const to = await sortOne(picture, how, journal)
      if (to === undefined) gone.push(picture.file)
      else sorted.push({ ...picture, to, isRenamed: basename(to) !== basename(picture.from) })
      onProgress?.(sorted.length + gone.length, pictures.length)
    }
    return { sorted, gone, undo: journal.file }
  } catch (error) {
    throw failure(error, pictures[sorted.length + gone.length], into, journal?.file)
  } finally {
    await journal?.close()
  }
}

/** @returns where the picture is now; nothing where it was gone */
async function sortOne(
  { from, to: planned }: PlannedPicture,
  how: SortPlan['how'],
  journal: SortJournal,
): Promise<string | undefined> {
  const found = await lstat(from).catch(() => undefined)
  if (!found) return undefined
  const folder = dirname(planned)
  if (!(await lstat(folder).catch(() => undefined))) {
    await journal.write({ folder })
    await mkdir(folder)
  }
  let to = planned
  for (;;) {
    const text = found.isSymbolicLink() && how === 'move' ? { link: await readlink(from) } : {}
    await journal.write({ from, to, ...text })
    try {
      if (how === 'move') await moveFile(from, to)
      else await symlink(await realpath(from), to)
      return to
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      await journal.write({ not: to })
      to = join(folder, freeName(basename(from), await namesIn(folder)))
    }
  }
}

function failure(
  error: unknown,
  at: PlannedPicture | undefined,
  into: string,
  undo: string | undefined,
): unknown {
  if (!(error instanceof Error && 'code' in error) || error.name === 'AbortError') return error
  const again =
    undo === undefined ? 'nothing was done' : `put back what was sorted with npx m2l classes undo ${undo}`
  return new InputError(
    `${at?.file ?? into}: cannot be sorted into ${into} (${(error as NodeJS.ErrnoException).code}); ${again}`,
    { cause: error },
  )
}
