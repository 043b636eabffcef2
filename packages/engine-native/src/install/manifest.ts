import { count } from '@m2l/engine/messages'
import { constants } from 'node:fs'
import { access, readFile, readdir, stat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { sha256OfFile } from '../fetch/file-hash.js'
import type { FileRecord } from '../fetch/file-record.js'
import { isForbidden } from '../fetch/forbidden.js'
import { writeFileAtomically } from '../write-file-atomically.js'

const manifestName = 'manifest.json'

/** Writes the manifest of a folder: the last act of filling it, so that a folder with a manifest is whole. */
export async function writeManifest(
  folder: string,
  manifest: { files: readonly FileRecord[] },
): Promise<void> {
  await writeFileAtomically(join(folder, manifestName), `${JSON.stringify(manifest, null, 1)}\n`)
}

/**
 * Reads the manifest of a folder; `undefined` where there is none that can be understood.
 *
 * @throws the system's error where this user may not read it.
 */
export async function readManifest<Manifest extends { files: readonly FileRecord[] }>(
  folder: string,
): Promise<Manifest | undefined> {
  try {
    const manifest: Manifest = JSON.parse(await readFile(join(folder, manifestName), 'utf8'))
    return Array.isArray(manifest.files) ? manifest : undefined
  } catch (error) {
    if (isForbidden(error)) throw error
    return undefined
  }
}

/** Says of a part of the cache that it belongs to somebody else. */
export const forbidden = (path: string): string =>
  `this user may not read ${path}; its owner can let others, with chmod -R a+rX on the cache`

/**
 * Compares files with their records, by size and, if `hash` is set, by content too.
 *
 * @returns what is wrong with the first file that differs, or `undefined`.
 */
export async function findDamage(
  folder: string,
  files: readonly FileRecord[],
  hash = false,
): Promise<string | undefined> {
  const sizes = await Promise.all(files.map(({ path }) => sizeOf(join(folder, path))))
  for (const [index, file] of files.entries()) {
    const path = join(folder, file.path)
    const size = sizes[index]
    if (size === 'forbidden') return forbidden(path)
    if (size === undefined) return `${path} is missing`
    if (size !== file.size) return `${path} has ${count(size, 'byte')} instead of ${file.size}`
    if (hash && file.sha256 && (await sha256OfFile(path)) !== file.sha256) return `${path} has changed`
  }
  return undefined
}

async function sizeOf(path: string): Promise<number | 'forbidden' | undefined> {
  try {
    await access(path, constants.R_OK)
    return (await stat(path)).size
  } catch (error) {
    return isForbidden(error) ? 'forbidden' : undefined
  }
}

/** The record of a file as it is now, without its hash. */
export async function recordFile(folder: string, path: string): Promise<FileRecord> {
  return { path, size: (await stat(join(folder, path))).size }
}

/** The records of all files below a folder, with their hashes. */
export async function recordFolder(folder: string): Promise<FileRecord[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
  return Promise.all(
    paths.toSorted().map(async (path) => ({
      ...(await recordFile(folder, path)),
      sha256: await sha256OfFile(join(folder, path)),
    })),
  )
}
