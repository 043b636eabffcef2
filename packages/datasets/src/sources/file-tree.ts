import type { ByteSource } from './byte-source.js'
import type { LeftOut } from './left-out.js'

/** The files of a folder or an archive, by name, and the way to their bytes. */
export interface FileTree {
  /** The path by which a person knows it. */
  readonly root: string
  /**
   * POSIX paths below the root, NFC-normalised, in code-unit order; what operating systems leave behind is
   * not among them.
   */
  readonly files: readonly string[]
  /** Paths of all folders, in the same form. */
  readonly folders: readonly string[]
  /** What was found and is not among the files. */
  readonly leftOut: readonly LeftOut[]
  /** What to call a file in a message. */
  label(file: string): string
  /** Where a file lies on the disk by itself; absent in archives. */
  readonly pathOf?: (file: string) => string
  /** Which real file has this name; absent where every name has one of its own. */
  readonly realFile?: (file: string) => RealFile
  /** All bytes of a file. @throws InputError naming it when it cannot be read. */
  read(file: string): Promise<Buffer>
  /** A file for reading in places, until the tree is closed. */
  open(file: string): Promise<ByteSource>
  close(): Promise<void>
}

/** A file by whatever name it is reached. */
export interface RealFile {
  /** The same for all names of a file. */
  readonly identity: string
  /** Whether the name leads through a link. */
  readonly isLink: boolean
}

/**
 * Every folder above the given files, and the given folders with every folder above them, in code-unit order.
 */
export function foldersAbove(files: Iterable<string>, folders: Iterable<string> = []): string[] {
  const all = new Set<string>()
  const add = (folder: string): void => {
    for (let path = folder; path !== '' && !all.has(path); path = parentOf(path)) all.add(path)
  }
  for (const file of files) add(parentOf(file))
  for (const folder of folders) add(folder)
  return [...all].toSorted()
}

/** The folder a path lies in; empty at the root. */
export function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')))
}
