import { createHash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { LayoutIndex } from '../layouts/layout.js'
import { mapConcurrently } from '../map-concurrently.js'
import { parentOf } from '../sources/file-tree.js'
import { encodePng } from './encode-png.js'
import type { PictureFile } from './picture-files.js'

/** A file of the prepared folder. */
export interface WrittenFile {
  readonly path: string
  readonly bytes: number
  /** In hexadecimal. */
  readonly sha256: string
}

/** What is told meanwhile, and what ends it early. */
export interface WritingOptions {
  readonly onProgress?: (done: number, total: number) => void
  readonly signal?: AbortSignal
}

/** Enough to keep libuv's four threads busy while results are taken up. */
const writtenAtOnce = 16

/**
 * Writes pictures below a folder, a few at a time: those that are files in the source byte for byte, bare
 * pixels as PNG.
 *
 * @returns what was written, in the order of the files
 * @throws InputError naming a picture that cannot be read; the signal's reason
 */
export async function writePictures(
  folder: string,
  files: readonly PictureFile[],
  { file, read }: LayoutIndex,
  { onProgress, signal }: WritingOptions,
): Promise<WrittenFile[]> {
  for (const parent of new Set(files.map(({ path }) => parentOf(path))))
    await mkdir(join(folder, parent), { recursive: true })
  let done = 0
  return mapConcurrently(files, writtenAtOnce, async ({ id, path }) => {
    signal?.throwIfAborted()
    const content = await (file ? file(id) : read(id).then(encodePng))
    const written = await writeNewFile(folder, path, content)
    onProgress?.(++done, files.length)
    return written
  })
}

/** Writes a file that is not there yet. */
export async function writeNewFile(folder: string, path: string, content: Buffer): Promise<WrittenFile> {
  await writeFile(join(folder, path), content, { flag: 'wx' })
  return { path, bytes: content.length, sha256: createHash('sha256').update(content).digest('hex') }
}

/** The lines that `sha256sum -c` reads, in code-unit order of the paths. */
export function checksumLines(files: readonly WrittenFile[]): string {
  return files
    .toSorted((a, b) => (a.path < b.path ? -1 : 1))
    .map(({ path, sha256 }) => `${sha256}  ${path}\n`)
    .join('')
}
