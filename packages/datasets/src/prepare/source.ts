import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { InputError } from '@m2l/engine'
import { isImageFile } from '../image-file.js'
import { detectCifarPython } from '../layouts/cifar100-python.js'
import { splitOf } from '../layouts/split-names.js'
import { unreadable } from '../sources/byte-source.js'
import type { FileTree } from '../sources/file-tree.js'
import { openFolder } from '../sources/folder-tree.js'
import { joinTrees, renamedTree } from '../sources/joined-tree.js'
import { openTree } from '../sources/open-tree.js'
import { recordedTree } from '../sources/recorded-tree.js'

/** A file that a data set was prepared from. */
export interface SourceFile {
  /** Its name, or its path below the source's folder. */
  readonly file: string
  /** Its size. */
  readonly bytes: number
  /** In hexadecimal. */
  readonly sha256: string
}

/** What a data set is prepared from. */
export interface Source {
  readonly tree: FileTree
  /** Whether pictures were read so far that lie in a folder as files of their own. */
  hasLoosePictures(): boolean
  /**
   * Sizes and hashes of archives, and of the tables and pickles that were read so far; in order of their
   * names.
   */
  sourceFiles(): Promise<SourceFile[]>
}

/** How a source is opened. */
export interface SourceOptions {
  /** Names of the archives of interest in a folder. */
  readonly archives: RegExp
  /** A folder for what must be unpacked to be read. */
  readonly scratch: string
  readonly signal?: AbortSignal
}

/**
 * Opens an archive, or a folder: with what lies in it unpacked or, where that is nothing, what its archives
 * hold. Archives that cannot be read in place are unpacked into the scratch folder.
 *
 * @throws InputError when there is nothing to read, or it cannot be read
 */
export async function openSource(path: string, options: SourceOptions): Promise<Source> {
  const found = await stat(path).catch((error: unknown) => {
    throw unreadable(path, error)
  })
  if (!found.isDirectory()) {
    const tree = await openTree(path, scratchOf(options, 0))
    const files: [string, string][] = [[basename(path), path]]
    return { tree, hasLoosePictures: () => false, sourceFiles: () => hashFiles(files, options.signal) }
  }
  const folder = await openFolder(path)
  const archives = folder.files.filter((file) => archive.test(file) && options.archives.test(basename(file)))
  const isLoose = archives.length === 0 || hasContent(folder)
  const { tree, read } = recordedTree(isLoose ? folder : await openArchives(path, folder, archives, options))
  return {
    tree,
    hasLoosePictures: () => isLoose && [...read].some(isImageFile),
    sourceFiles: () => {
      const tables = folder.files.filter((file) => read.has(file) && !isImageFile(file))
      const files = [...(isLoose ? [] : archives), ...tables]
      return hashFiles(
        files.toSorted().map((file) => [file, folder.label(file)]),
        options.signal,
      )
    },
  }
}

const archive = /\.(zip|tar|tgz|tar\.gz)$/i

/** Whether pictures, or pickles or tables of pixels, lie in a folder unpacked. */
function hasContent(folder: FileTree): boolean {
  const isContent = (file: string): boolean => isImageFile(file) || /\.(bin|npz|pickle|pkl)$/i.test(file)
  return folder.files.some(isContent) || detectCifarPython(folder)
}

async function openArchives(
  path: string,
  folder: FileTree,
  archives: readonly string[],
  options: SourceOptions,
): Promise<FileTree> {
  const trees = [renamedTree(folder, (file) => (archive.test(file) ? undefined : file))]
  try {
    for (const [index, file] of archives.entries()) {
      const tree = await openTree(folder.label(file), scratchOf(options, index))
      trees.push(underItsSplit(file, tree))
    }
    return joinTrees(path, trees)
  } catch (error) {
    for (const tree of trees) await tree.close()
    throw error
  }
}

/** What an archive named `train.tar` holds belongs into `train/`, where it says so or not. */
function underItsSplit(file: string, tree: FileTree): FileTree {
  const split = splitOf(basename(file).replace(archive, ''))
  if (split === undefined || tree.files.every((inner) => splitOf(inner.split('/', 1)[0]!) === split))
    return tree
  return renamedTree(tree, (inner) => `${split}/${inner}`)
}

function scratchOf({ scratch, signal }: SourceOptions, index: number) {
  return { file: join(scratch, `unpacked-${index}.tar`), ...(signal && { signal }) }
}

async function hashFiles(files: [name: string, path: string][], signal?: AbortSignal): Promise<SourceFile[]> {
  const hashed: SourceFile[] = []
  for (const [file, path] of files) {
    const hash = createHash('sha256')
    let bytes = 0
    const content = createReadStream(path, { highWaterMark: 1 << 20, ...(signal && { signal }) })
    try {
      for await (const chunk of content as AsyncIterable<Buffer>) {
        hash.update(chunk)
        bytes += chunk.length
      }
    } catch (error) {
      signal?.throwIfAborted()
      throw error instanceof InputError ? error : unreadable(path, error)
    }
    hashed.push({ file, bytes, sha256: hash.digest('hex') })
  }
  return hashed
}
