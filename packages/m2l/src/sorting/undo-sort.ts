import { lstat, readFile, rm, rmdir, symlink, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { makeFolder } from '@m2l/engine-native'
import { leadsTo, moveFile, partOf } from './move-file.js'
import { isWithin } from './plan-sort.js'
import { readJournal, type SortLine } from './sort-journal.js'
import type { SortingOptions } from './sort-pictures.js'

/** What came of undoing. */
export interface UndoneSort {
  /** How many pictures are back, or how many links are removed. */
  readonly undone: number
  /** What could not be undone, and why. */
  readonly left: readonly { readonly file: string; readonly why: string }[]
}

/**
 * Puts pictures back that were sorted, the last one first, and removes the folders that were made for them
 * where they are empty. It can be repeated, also after it was killed. The undo file goes when all is undone.
 *
 * @throws {InputError} when the undo file cannot be read
 */
export async function undoSort(
  file: string,
  { onProgress, signal }: Pick<SortingOptions, 'onProgress' | 'signal'> = {},
): Promise<UndoneSort> {
  const { head, lines } = await readJournal(file)
  const left: { file: string; why: string }[] = []
  const folders: string[] = []
  let undone = 0
  const steps = withoutCancelled(lines).toReversed()
  for (const [index, line] of steps.entries()) {
    signal?.throwIfAborted()
    onProgress?.(index, steps.length)
    if ('folder' in line) folders.push(line.folder)
    if (!('from' in line)) continue
    if (!isWithin(line.to, head.into)) {
      left.push({ file: line.to, why: `it lies outside of ${head.into}, which the file is of` })
      continue
    }
    const outcome = head.how === 'move' ? await moveBack(line) : await removeLink(line)
    if (outcome === 'undone') undone++
    else if (outcome !== 'nothing to do') left.push({ file: line.to, why: outcome })
  }
  onProgress?.(steps.length, steps.length)
  if (left.length === 0) await rm(file, { force: true })
  for (const folder of folders) await rmdir(folder).catch(() => {}) // what people put there keeps it
  return { undone, left }
}

type Moved = Extract<SortLine, { from: string }>

/** Steps that came about, or may have. */
function withoutCancelled(lines: readonly SortLine[]): SortLine[] {
  return lines.filter((line, index) => {
    const next = lines[index + 1]
    return !('from' in line && next && 'not' in next && next.not === line.to)
  })
}

async function moveBack({ from, to, link }: Moved): Promise<string> {
  await rm(partOf(to), { force: true })
  const [before, after] = [await found(from), await found(to)]
  if (!after) return before ? 'nothing to do' : 'it is gone, and so is the picture'
  if (before) {
    if (!(await areSame(from, to))) return `something else is at ${from}`
    await unlink(to)
    return 'undone'
  }
  await makeFolder(dirname(from))
  if (link === undefined) await moveFile(to, from)
  else {
    await symlink(link, from)
    await unlink(to)
  }
  return 'undone'
}

async function removeLink({ to }: Moved): Promise<string> {
  const after = await found(to)
  if (!after) return 'nothing to do'
  if (!after.isSymbolicLink()) return 'it is no link any more'
  await unlink(to)
  return 'undone'
}

function found(path: string) {
  return lstat(path).catch(() => undefined)
}

/** Whether a picture is under both names, as when the process was killed between the two. */
async function areSame(a: string, b: string): Promise<boolean> {
  const [one, other] = [await lstat(a), await lstat(b)]
  if (one.dev === other.dev && one.ino === other.ino) return true
  if (one.isSymbolicLink() !== other.isSymbolicLink()) return false
  if (one.isSymbolicLink()) return (await leadsTo(a)) === (await leadsTo(b))
  if (one.size !== other.size) return false
  return (await readFile(a)).equals(await readFile(b))
}
