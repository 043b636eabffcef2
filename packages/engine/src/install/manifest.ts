import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readFile, readdir, stat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { writeFileAtomically } from '../write-file-atomically.js'

/** A file of the cache as it was when it was put there; the path is relative to the manifest's folder. */
export interface FileRecord {
  readonly path: string
  readonly size: number
  /** Not present for the files of an installed Python TensorFlow. */
  readonly sha256?: string
}

const manifestName = 'manifest.json'

/** Writes the manifest of a folder: the last act of filling it, so that a folder with a manifest is whole. */
export async function writeManifest(
  folder: string,
  manifest: { files: readonly FileRecord[] },
): Promise<void> {
  await writeFileAtomically(join(folder, manifestName), `${JSON.stringify(manifest, null, 1)}\n`)
}

/** Reads the manifest of a folder; `undefined` where there is none that can be understood. */
export async function readManifest<Manifest extends { files: readonly FileRecord[] }>(
  folder: string,
): Promise<Manifest | undefined> {
  try {
    const manifest: Manifest = JSON.parse(await readFile(join(folder, manifestName), 'utf8'))
    return Array.isArray(manifest.files) ? manifest : undefined
  } catch {
    return undefined
  }
}

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
    if (size === undefined) return `${path} is missing`
    if (size !== file.size) return `${path} has ${size} bytes instead of ${file.size}`
    if (hash && file.sha256 && (await sha256OfFile(path)) !== file.sha256) return `${path} has changed`
  }
  return undefined
}

async function sizeOf(path: string): Promise<number | undefined> {
  return stat(path).then(
    ({ size }) => size,
    () => undefined,
  )
}

/** SHA-256 of a file, 64 hexadecimal digits. */
export async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
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
