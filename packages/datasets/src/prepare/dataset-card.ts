import { createHash } from 'node:crypto'
import { createRequire } from 'node:module'
import { InputError } from '@m2l/engine'
import { readLayout } from '../layouts/read-layout.js'
import { type FileTree, foldersAbove } from '../sources/file-tree.js'
import { ownSplitsOf, type Splits, splitsOfFile } from '../splits/build-splits.js'
import type { SplitFile } from '../splits/split-file.js'
import { countImages } from './counts.js'
import type { SourceFile } from './source.js'
import { checksumLines, type WrittenFile } from './write-pictures.js'

/** What a prepared folder's `dataset.json` says. */
export interface DatasetCard {
  /** The data set's name as it was asked for. */
  readonly name: string
  /** This package and its version. */
  readonly preparedBy: string
  /** What it was prepared from. */
  readonly sources: readonly SourceFile[]
  /** Pictures that lay in the source's folder as files of their own, taken together. */
  readonly pictures?: { readonly files: number; readonly bytes: number; readonly sha256: string }
  /** The split: the name of a shipped one or of a file, or `own` where the source's own splits were kept. */
  readonly split: string
  /** By name of the split: what {@link openDataset} finds in the prepared folder. */
  readonly splits: Readonly<Record<string, SplitSummary>>
  /** What is not as published, where that was accepted. */
  readonly differences?: readonly string[]
}

/** What a split holds. */
export interface SplitSummary {
  /** Omniglot's turned characters are classes of their own. */
  readonly classes: number
  readonly images: number
  /** As {@link ImageSplit.hash}, of the prepared folder. */
  readonly hash: string
}

/** This package and its version. */
export function preparedBy(): string {
  const { name, version } = createRequire(import.meta.url)('../../package.json') as Record<string, string>
  return `${name} ${version}`
}

/** Loose pictures have no archive to hash; the hash of their checksums stands for them. */
export function summaryOfPictures(files: readonly WrittenFile[]): NonNullable<DatasetCard['pictures']> {
  return {
    files: files.length,
    bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
    sha256: createHash('sha256').update(checksumLines(files)).digest('hex'),
  }
}

/**
 * What a folder of these files will be opened as.
 *
 * @param file the split file, for a layout that is kept; else the folder's own splits
 * @throws InputError when names of classes make it look like another layout
 */
export async function summariesOf(
  root: string,
  paths: readonly string[],
  file: SplitFile | undefined,
): Promise<Record<string, SplitSummary>> {
  const index = await readLayout({ tree: treeOfNames(root, paths), decode: unread })
  const splits: Splits = file ? splitsOfFile(root, index, file) : ownSplitsOf(root, index)
  const images = countImages(Object.values(splits).flatMap(({ classes }) => classes))
  if (images !== paths.length * (index.rotated ? 4 : 1)) {
    throw new InputError(`${root}: names of its classes cannot be those of folders; rename the classes`)
  }
  return Object.fromEntries(
    Object.values(splits).map(({ name, classes, hash }) => [
      name,
      { classes: classes.length, images: countImages(classes), hash },
    ]),
  )
}

function treeOfNames(root: string, paths: readonly string[]): FileTree {
  return {
    root,
    files: paths,
    folders: foldersAbove(paths),
    leftOut: [],
    label: (file) => `${root}: ${file}`,
    read: unread,
    open: unread,
    close: async () => {},
  }
}

function unread(): never {
  throw new Error('a layout of pictures is told by names alone')
}
