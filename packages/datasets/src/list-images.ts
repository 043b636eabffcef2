import { readFile, stat } from 'node:fs/promises'
import { dirname, isAbsolute, join } from 'node:path'
import { InputError } from '@m2l/engine'
import { isImageFile } from './image-file.js'
import { labelRows } from './layouts/csv.js'
import { unreadable } from './sources/byte-source.js'
import { parentOf } from './sources/file-tree.js'
import { openFolder } from './sources/folder-tree.js'

/** A picture file, and what its place says of its class. */
export interface ListedImage {
  /** The path to open it by. */
  readonly file: string
  /** Its folder below the one that was listed, with `/` and in Unicode's composed form (NFC), or its label in a table; none in the listed folder itself. */
  readonly label?: string
}

/** What {@link listImages} finds. */
export interface ImageList {
  /** In code-unit order of their paths, or in that of the table. */
  readonly images: readonly ListedImage[]
  /** Files that are no pictures by their names, such as `.heic` ones; not what operating systems leave behind. */
  readonly passedOver: readonly string[]
}

/**
 * The pictures of a folder and all folders in it; of a table of `filename,label` (a `.csv` file), whose paths start from its
 * own folder; or a picture file itself.
 *
 * @throws InputError when it cannot be read, or a table is malformed.
 */
export async function listImages(path: string): Promise<ImageList> {
  const found = await stat(path).catch((error: unknown) => {
    throw unreadable(path, error)
  })
  if (found.isDirectory()) return listFolder(path)
  if (path.toLowerCase().endsWith('.csv')) return listTable(path)
  if (isImageFile(path)) return { images: [{ file: path }], passedOver: [] }
  throw new InputError(
    `${path}: is neither a folder nor a picture nor a .csv table of filename,label; name one of these`,
  )
}

async function listFolder(root: string): Promise<ImageList> {
  const { files, label: pathOf } = await openFolder(root)
  const images = files.filter(isImageFile).map((file) => {
    const folder = parentOf(file)
    return { file: pathOf(file), ...(folder !== '' && { label: folder }) }
  })
  return { images, passedOver: files.filter((file) => !isImageFile(file)).map(pathOf) }
}

async function listTable(table: string): Promise<ImageList> {
  const bytes = await readFile(table).catch((error: unknown) => {
    throw unreadable(table, error)
  })
  const seen = new Map<string, number>()
  const images = labelRows(table, bytes).map(({ filename, label, line }) => {
    const file = isAbsolute(filename) ? filename : join(dirname(table), filename)
    const before = seen.get(file)
    if (before !== undefined) {
      throw new InputError(
        `${table} line ${line}: picture "${filename}" is listed in line ${before} already; remove one line`,
      )
    }
    seen.set(file, line)
    return { file, label: label.normalize('NFC') }
  })
  return { images, passedOver: [] }
}
