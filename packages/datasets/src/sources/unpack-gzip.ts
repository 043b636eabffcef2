import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { InputError } from '@m2l/engine'
import { bytesInMemory, type ByteSource } from './byte-source.js'

/** The most that a gzip file may unpack to in memory: CIFAR-100 takes 0.2 GB. */
const mostUnpacked = 2 ** 30

/**
 * A gzip file unpacked in memory, because gzip cannot be read in places.
 *
 * @throws InputError when it is damaged, or unpacks to more than 1 GiB.
 */
export async function unpackGzip(path: string): Promise<ByteSource> {
  const chunks: Buffer[] = []
  let total = 0
  try {
    await pipeline(createReadStream(path), createGunzip(), async (unpacked: AsyncIterable<Buffer>) => {
      for await (const chunk of unpacked) {
        total += chunk.length
        if (total > mostUnpacked) throw tooLarge(path)
        chunks.push(chunk)
      }
    })
  } catch (error) {
    if (error instanceof InputError) throw error
    throw new InputError(`${path}: is a damaged gzip file (${(error as Error).message}); fetch it again`)
  }
  return bytesInMemory(path, Buffer.concat(chunks, total))
}

function tooLarge(path: string): InputError {
  return new InputError(
    `${path}: unpacks to more than 1 GiB, and gzip cannot be read in place; run gunzip and name the .tar file`,
  )
}
