import { createReadStream, createWriteStream } from 'node:fs'
import { Transform, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { stat } from 'node:fs/promises'
import { InputError } from '@m2l/engine'
import { isBomb } from './archive-bomb.js'
import { bytesInMemory, type ByteSource, openFile } from './byte-source.js'

/** The most that a gzip file may unpack to in memory: CIFAR-100 takes 0.2 GB. */
const mostUnpacked = 2 ** 30

/**
 * A gzip file unpacked in memory, because gzip cannot be read in places.
 *
 * @throws InputError when it is damaged, a bomb, or unpacks to more than 1 GiB.
 */
export async function unpackGzip(path: string): Promise<ByteSource> {
  const chunks: Buffer[] = []
  let total = 0
  try {
    const { size } = await stat(path)
    const limits = limited(path, { size, most: mostUnpacked })
    // A stream, not a function: where bytes follow the end of the gzip content, functions are told of an
    // abort.
    const collect = new Writable({
      write(chunk: Buffer, _encoding, done) {
        total += chunk.length
        chunks.push(chunk)
        done()
      },
    })
    await pipeline(createReadStream(path), createGunzip(), limits, collect)
  } catch (error) {
    throw gzipError(path, error)
  }
  return bytesInMemory(path, Buffer.concat(chunks, total))
}

/**
 * A gzip file of any size unpacked into a new file, which stays there after it is closed.
 *
 * @param unpacked where to; the folder must be there, the file must not
 * @throws InputError when it is damaged or a bomb; the signal's reason; the system's error when the disk is
 *   full
 */
export async function unpackGzipToFile(
  path: string,
  unpacked: string,
  signal?: AbortSignal,
): Promise<ByteSource> {
  try {
    const options = { ...(signal && { signal }) }
    const { size } = await stat(path)
    const output = createWriteStream(unpacked, { flags: 'wx' })
    await pipeline(
      createReadStream(path, { highWaterMark: stride }),
      createGunzip({ chunkSize: stride }),
      limited(path, { size }),
      output,
      options,
    )
  } catch (error) {
    signal?.throwIfAborted()
    throw gzipError(path, error)
  }
  return { ...(await openFile(unpacked)), name: path }
}

const stride = 1 << 18

/** Hands chunks on until they are more than an honest file of this size holds, or more than may be. */
function limited(path: string, { size, most = Infinity }: { size: number; most?: number }): Transform {
  let total = 0
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      total += chunk.length
      if (isBomb(size, total)) done(bomb(path))
      else if (total > most) done(tooLarge(path))
      else done(null, chunk)
    },
  })
}

function bomb(path: string): InputError {
  return new InputError(
    `${path}: unpacks to more than a hundred times its size, as no honest archive does; do not use this file`,
  )
}

/** What zlib finds wrong is the file's fault; what the system refuses is not. */
function gzipError(path: string, error: unknown): unknown {
  const { code, message } = error as NodeJS.ErrnoException
  if (error instanceof InputError || !code?.startsWith('Z_')) return error
  return new InputError(`${path}: is a damaged gzip file (${message}); fetch it again`)
}

function tooLarge(path: string): InputError {
  return new InputError(
    `${path}: unpacks to more than 1 GiB, and gzip cannot be read in place; run gunzip and name the .tar file`,
  )
}
