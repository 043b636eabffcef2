import { readSync } from 'node:fs'
import { InputError } from '@m2l/engine'
import { openRegularFile } from '@m2l/engine-native'

/** Bytes that can be read anywhere: a file held open, part of one, or memory. */
export interface ByteSource {
  /** What to call it in a message. */
  readonly name: string
  /** In bytes. */
  readonly size: number
  /** Exactly `length` bytes. @throws InputError when they reach beyond the end. */
  read(offset: number, length: number): Promise<Buffer>
  /** The same, at once: for small pieces that follow from each other. */
  readNow(offset: number, length: number): Buffer
  close(): Promise<void>
}

/** A file, held open until closed. @throws InputError when it is no regular file or cannot be read. */
export async function openFile(path: string): Promise<ByteSource> {
  const handle = await openRegularFile(path).catch((error: unknown) => {
    throw unreadable(path, error)
  })
  const { size } = await handle.stat()
  return {
    name: path,
    size,
    async read(offset, length) {
      checkRange(path, size, offset, length)
      const bytes = Buffer.allocUnsafe(length)
      for (let filled = 0; filled < length;) {
        const { bytesRead } = await handle.read(bytes, filled, length - filled, offset + filled)
        if (bytesRead === 0) throw cutOff(path)
        filled += bytesRead
      }
      return bytes
    },
    readNow(offset, length) {
      checkRange(path, size, offset, length)
      const bytes = Buffer.allocUnsafe(length)
      for (let filled = 0; filled < length;) {
        const bytesRead = readSync(handle.fd, bytes, filled, length - filled, offset + filled)
        if (bytesRead === 0) throw cutOff(path)
        filled += bytesRead
      }
      return bytes
    },
    close: () => handle.close(),
  }
}

/** Bytes that are in memory already; reads share them. */
export function bytesInMemory(name: string, bytes: Buffer): ByteSource {
  const readNow = (offset: number, length: number): Buffer => {
    checkRange(name, bytes.length, offset, length)
    return bytes.subarray(offset, offset + length)
  }
  return {
    name,
    size: bytes.length,
    read: async (offset, length) => readNow(offset, length),
    readNow,
    close: async () => {},
  }
}

/** A stretch of another source, which stays open when the part is closed. */
export function partOf(source: ByteSource, name: string, start: number, size: number): ByteSource {
  return {
    name,
    size,
    async read(offset, length) {
      checkRange(name, size, offset, length)
      return source.read(start + offset, length)
    },
    readNow(offset, length) {
      checkRange(name, size, offset, length)
      return source.readNow(start + offset, length)
    },
    close: async () => {},
  }
}

/**
 * The one line for a file or folder that the operating system does not let us read, or that is no regular
 * file.
 */
export function unreadable(path: string, error: unknown): InputError {
  if (error instanceof InputError) return error
  const { code, message } = error as Pick<NodeJS.ErrnoException, 'code' | 'message'>
  if (code === 'ENOTDIR')
    return new InputError(
      `${path}: leads through a file as if it were a folder; name the file, or unpack it if it is an archive`,
    )
  const reason = code === 'ENOENT' ? 'does not exist' : `cannot be read (${code ?? message})`
  return new InputError(`${path}: ${reason}; check the path and its permissions`)
}

function checkRange(name: string, size: number, offset: number, length: number): void {
  if (offset < 0 || length < 0 || offset + length > size) throw cutOff(name)
}

function cutOff(name: string): InputError {
  return new InputError(`${name}: is cut off before the end of its content; fetch or copy it again`)
}
