import { access, constants, lstat, readdir, realpath, stat } from 'node:fs/promises'
import { basename, dirname, extname, join, resolve, sep } from 'node:path'
import { isTable, listImages } from '@m2l/datasets'
import { count, InputError } from '@m2l/engine'
import { isFeatureFile } from '../features/feature-file.js'
import { foldedName, folderNames } from './folder-names.js'

/** A picture, and where it goes. */
export interface PlannedPicture {
  /** Its path as it was given. */
  readonly file: string
  readonly label: string
  /** Where it is, as an absolute path. */
  readonly from: string
  /** Where it goes, likewise; nothing has that name. */
  readonly to: string
  /** Whether something in the folder has its name, so that it gets another. */
  readonly isRenamed: boolean
}

/** How pictures are sorted into folders of their classes. */
export interface SortPlan {
  readonly how: 'move' | 'link'
  /** The folder that the folders of the classes lie in, as an absolute path. */
  readonly into: string
  readonly pictures: readonly PlannedPicture[]
  /** Pictures that stay where they are, and why. */
  readonly stay: readonly { readonly file: string; readonly why: string }[]
  /** What a person should know, a line each. */
  readonly notes: readonly string[]
}

/** What is sorted, and where to. */
export interface SortOptions {
  readonly how: 'move' | 'link'
  /** The folder that the folders of the classes are made in. */
  readonly into: string
  /** All classes, so that their folders do not depend on which pictures there are. */
  readonly labels: readonly string[]
  /** A folder whose pictures stay, as that of the examples. */
  readonly keep?: string | undefined
}

/**
 * Refuses what cannot be sorted, before any work is done for it.
 *
 * @param paths of pictures: folders, tables and files
 * @throws {InputError} naming an archive or a file of features, or when there is something else in the place
 *   of the folder
 */
export async function requireSortable(
  paths: readonly string[],
  { into, how }: Pick<SortOptions, 'into' | 'how'>,
): Promise<void> {
  for (const path of paths) {
    const isInOne = isFeatureFile(path) ? 'features' : await archiveOrNot(path)
    if (isInOne === undefined) continue
    throw new InputError(
      `${path}: is ${isInOne === 'features' ? 'a file of features' : 'an archive'}, whose pictures cannot be ${how === 'move' ? 'moved' : 'linked to'} by themselves; unpack it and name the folder`,
    )
  }
  const found = await lstat(await realpath(into).catch(() => into)).catch(() => undefined)
  if (found && !found.isDirectory()) {
    throw new InputError(`${into}: is a file; expected a folder to sort pictures into, or none yet`)
  }
  await requireWritable(into)
}

/** @throws {InputError} when the folder, or the one that it would be made in, cannot be written to */
async function requireWritable(into: string): Promise<void> {
  let folder = resolve(into)
  while (!(await stat(folder).catch(() => undefined)) && dirname(folder) !== folder) folder = dirname(folder)
  const found = await stat(folder)
  const isWritable = await access(folder, constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  )
  if (found.isDirectory() && isWritable) return
  const what =
    resolve(into) === folder
      ? 'cannot be written to'
      : `cannot be made, since ${folder} ${found.isDirectory() ? 'cannot be written to' : 'is a file'}`
  throw new InputError(`${into}: ${what}; expected a folder to sort pictures into, or none yet`)
}

async function archiveOrNot(path: string): Promise<'archive' | undefined> {
  if (isTable(path)) return undefined
  const list = await listImages(path)
  await list.close()
  return list.kind === 'archive' ? 'archive' : undefined
}

/**
 * Plans where pictures go: into a folder for each label. Nothing is changed.
 *
 * @param classified pictures with their labels; examples stay
 */
export async function planSort(
  classified: readonly { readonly file: string; readonly label: string; readonly isExample?: true }[],
  { how, into, labels, keep }: SortOptions,
): Promise<SortPlan> {
  const folder = resolve(into)
  const realFolder = await realpath(folder).catch(() => folder)
  const kept = keep === undefined ? undefined : await realpath(keep).catch(() => undefined)
  const names = folderNames([...labels, ...classified.map(({ label }) => label)])
  const taken = new Map<string, Set<string>>()
  const pictures: PlannedPicture[] = []
  const stay: { file: string; why: string }[] = []
  for (const { file, label, isExample } of classified) {
    const from = resolve(file)
    const place = await realpath(dirname(from)).catch(() => dirname(from))
    if (isWithin(place, realFolder)) {
      stay.push({ file, why: `it lies in ${into} already` })
      continue
    }
    if (isExample || (kept !== undefined && isWithin(place, kept))) {
      stay.push({ file, why: 'it lies among the examples' })
      continue
    }
    const ofClass = join(folder, names.get(label)!)
    if (!taken.has(ofClass)) taken.set(ofClass, await namesIn(ofClass))
    const own = basename(from)
    const name = freeName(own, taken.get(ofClass)!)
    taken.get(ofClass)!.add(foldedName(name))
    pictures.push({ file, label, from, to: join(ofClass, name), isRenamed: name !== own })
  }
  return { how, into: folder, pictures, stay, notes: notesOf(names, pictures, stay) }
}

/** The first of `a.png`, `a (2).png`, … that is not taken. */
export function freeName(name: string, taken: ReadonlySet<string>): string {
  const ending = extname(name)
  const stem = name.slice(0, name.length - ending.length)
  let free = name
  for (let number = 2; taken.has(foldedName(free)); number++) free = `${stem} (${number})${ending}`
  return free
}

/** The names in a folder, folded; none where it is not there. */
export async function namesIn(folder: string): Promise<Set<string>> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw new InputError(
      `${folder}: cannot be used as the folder of a class (${error.code}); remove what is there`,
    )
  })
  return new Set(names.map(foldedName))
}

export function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : `${folder}${sep}`)
}

function notesOf(
  names: ReadonlyMap<string, string>,
  pictures: readonly PlannedPicture[],
  stay: SortPlan['stay'],
): string[] {
  const used = new Set(pictures.map(({ label }) => label))
  const changed = [...names].filter(([label, name]) => label !== name && used.has(label))
  const renamed = pictures.filter(({ isRenamed }) => isRenamed)
  const reasons = new Map<string, number>()
  for (const { why } of stay) reasons.set(why, (reasons.get(why) ?? 0) + 1)
  return [
    ...changed.map(
      ([label, name]) => `class ${label} has the folder ${name}, since it is no name of a folder of its own`,
    ),
    ...(renamed.length > 0
      ? [
          `${count(renamed.length, 'picture gets another name', 'pictures get another name')}, since one in the folder has theirs (${basename(renamed[0]!.from)} becomes ${basename(renamed[0]!.to)})`,
        ]
      : []),
    ...[...reasons].map(
      ([why, number]) =>
        `${count(number, 'picture stays', 'pictures stay')} where ${number === 1 ? 'it is' : 'they are'}: ${number === 1 ? why : why.replace('it lies', 'they lie')}`,
    ),
  ]
}
