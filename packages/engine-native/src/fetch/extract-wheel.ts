import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { openPromise } from 'yauzl'
import type { FileRecord } from './file-record.js'

/**
 * Takes some files out of a wheel, which is a zip archive.
 *
 * @param place says where in `folder` an entry goes, or `undefined` to leave it.
 * @returns a record of each file written, its path relative to `folder`.
 */
export async function extractWheel(
  wheel: string,
  folder: string,
  place: (entry: string) => string | undefined,
  signal?: AbortSignal,
): Promise<FileRecord[]> {
  const files: FileRecord[] = []
  const archive = await openPromise(wheel)
  try {
    for await (const entry of archive.eachEntry()) {
      const path = entry.fileName.endsWith('/') ? undefined : place(entry.fileName)
      if (path === undefined) continue
      const target = join(folder, path)
      await mkdir(dirname(target), { recursive: true })
      const hash = createHash('sha256')
      const hashing = new Transform({
        transform(chunk: Buffer, _encoding, done) {
          hash.update(chunk)
          done(null, chunk)
        },
      })
      await pipeline(await archive.openReadStreamPromise(entry), hashing, createWriteStream(target), {
        signal,
      })
      files.push({ path, size: entry.uncompressedSize, sha256: hash.digest('hex') })
    }
  } finally {
    archive.close()
  }
  return files
}
