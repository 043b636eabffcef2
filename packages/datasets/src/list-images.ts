import { stat } from 'node:fs/promises'
import { dirname, isAbsolute, join } from 'node:path'
import { InputError } from '@m2l/engine'
import { kindOfFile, readRegularFile } from '@m2l/engine-native'
import { isImageFile } from './image-file.js'
import { eachFileOnce, passedOverBy } from './layouts/each-file-once.js'
import type { LayoutIndex } from './layouts/layout.js'
import { notesOnNames } from './layouts/class-names.js'
import { unreadable } from './sources/byte-source.js'
import { type FileTree, parentOf } from './sources/file-tree.js'
import { openFolder } from './sources/folder-tree.js'
import { joinLeftOut, type LeftOut } from './sources/left-out.js'
import { openTree } from './sources/open-tree.js'
import { diskPlaces } from './tables/disk-places.js'
import { expectedTable, isTable, type LabelTable, readLabelTable, requireOnce } from './tables/label-table.js'

/** A picture file, and what its place says of its class. */
export interface ListedImage {
  /** The path to open it by; in an archive what to call it. */
  readonly file: string
  /**
   * Its folder below the one that was listed, with `/` and in Unicode's composed form (NFC), or its label in
   * a table; none in the listed folder itself.
   */
  readonly label?: string
  /**
   * Its bytes, while the list is open; only of pictures in archives. @throws InputError naming it when they
   * are damaged.
   */
  readonly read?: () => Promise<Buffer>
}

/** What {@link listImages} finds. */
export interface ImageList {
  /** What was listed. */
  readonly kind: 'folder' | 'archive' | 'table' | 'picture'
  /** In code-unit order of their paths, or in that of the table. */
  readonly images: readonly ListedImage[]
  /**
   * Files that are no pictures by their names, such as `.heic` ones; not what operating systems leave behind.
   */
  readonly passedOver: readonly string[]
  /** What a person should know of how a table was read, a line each. */
  readonly notes: readonly string[]
  /** All that was found and is not among the images, and why. */
  readonly leftOut: readonly LeftOut[]
  /** Closes the archive, which is held open. Harmless when repeated. */
  close(): Promise<void>
}

/**
 * The pictures of a folder or a zip, tar or tar.gz archive, and of all folders in it; of a table of
 * `filename,label` (a `.csv` file), whose paths start from its own folder; or a picture file itself.
 *
 * @throws InputError when it cannot be read, or a table is malformed.
 */
export async function listImages(path: string): Promise<ImageList> {
  const found = await stat(path).catch((error: unknown) => {
    throw unreadable(path, error)
  })
  if (found.isDirectory()) return listTree('folder', await openFolder(path))
  if (isTable(path)) return listTable(path)
  if (isImageFile(path)) {
    const kind = kindOfFile(found)
    if (kind !== undefined) throw new InputError(`${path}: is ${kind}; expected a regular file`)
    return {
      kind: 'picture',
      images: [{ file: path }],
      passedOver: [],
      leftOut: [],
      notes: [],
      close: nothingOpen,
    }
  }
  return listTree(
    'archive',
    await openTree(path, undefined, 'a folder nor a picture nor a .csv table of filename,label'),
  )
}

function listTree(kind: 'folder' | 'archive', tree: FileTree): ImageList {
  const { files, leftOut } = imagesOnce(tree)
  const images = files.map((file) => {
    const folder = parentOf(file)
    return {
      file: tree.label(file),
      ...(folder !== '' && { label: folder }),
      ...(kind === 'archive' && { read: () => tree.read(file) }),
    }
  })
  const passedOver = tree.files.filter((file) => !isImageFile(file)).map(tree.label)
  return { kind, images, passedOver, leftOut, notes: [], close: () => tree.close() }
}

/** The pictures of a tree, each real file once. */
function imagesOnce(tree: FileTree): { files: string[]; leftOut: LeftOut[] } {
  const classes = new Map<string, string[]>()
  for (const file of tree.files.filter(isImageFile)) {
    const label = parentOf(file)
    const images = classes.get(label)
    if (images) images.push(file)
    else classes.set(label, [file])
  }
  const all: LayoutIndex = {
    groups: new Map([['all', classes]]),
    rotated: false,
    nameOf: (file) => file,
    ...(tree.realFile && { realFile: tree.realFile }),
    read: () => Promise.reject(new Error('pictures of a list are not decoded')),
  }
  const once = eachFileOnce(all)
  return {
    files: [...once.index.groups.get('all')!.values()].flat().toSorted(),
    leftOut: joinLeftOut([tree.leftOut, passedOverBy(all, tree, new Set()), once.leftOut]),
  }
}

const nothingOpen = async () => {}

async function listTable(path: string): Promise<ImageList> {
  const bytes = await readRegularFile(path).catch((error: unknown) => {
    throw unreadable(path, error)
  })
  const table = readLabelTable(path, bytes, diskPlaces(path))
  if (!table) {
    throw new InputError(
      `${path}: is neither a folder nor a picture nor a .csv table of filename,label: it names no pictures beside it; ${expectedTable}`,
    )
  }
  requireOnce(table, new Map())
  const seen = new Map<string, number>()
  const images = table.rows.map(({ name, picture, label, line }) => {
    const file = picture ?? (isAbsolute(name) ? name : join(dirname(path), name))
    const before = seen.get(file)
    if (before !== undefined) {
      throw new InputError(
        `${path} line ${line}: picture "${name}" is listed in line ${before} already; remove one line`,
      )
    }
    seen.set(file, line)
    return { file, label }
  })
  const notes = [
    ...table.notes,
    ...notesOnSplits(table),
    ...notesOnNames(
      path,
      images.map(({ label }) => label),
    ),
  ]
  return { kind: 'table', images, passedOver: [], leftOut: [], notes, close: nothingOpen }
}

/** A list has no splits, so that pictures of all of them are in it. */
function notesOnSplits({ name, rows }: LabelTable): string[] {
  const counts = new Map<string, number>()
  for (const { split } of rows) if (split !== undefined) counts.set(split, (counts.get(split) ?? 0) + 1)
  if (counts.size < 2) return []
  const all = [...counts].map(([split, number]) => `${number} of ${split}`).join(', ')
  return [
    `${name}: pictures of all of its splits are taken (${all}); leave lines out if only those of one are meant`,
  ]
}
