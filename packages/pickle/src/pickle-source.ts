import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { PickleError } from './pickle-error.js'

/** Bytes that a pickle is read from, anywhere and at once. */
export interface PickleSource {
  /** In bytes. */
  readonly size: number
  /** Whether the bytes are in memory already, so that {@link bytes} takes none. */
  readonly inMemory: boolean
  /** Exactly these bytes, within the size; valid until the next call of either method. */
  view(offset: number, length: number): Buffer
  /** Exactly these bytes, within the size; they stay as they are. */
  bytes(offset: number, length: number): Buffer
}

/** A source that has to be closed. */
export interface PickleFile extends PickleSource {
  close(): void
}

/** Bytes in memory; values share them. */
export function pickleInMemory(content: Uint8Array): PickleSource {
  const whole = Buffer.from(content.buffer, content.byteOffset, content.byteLength)
  const view = (offset: number, length: number) => whole.subarray(offset, offset + length)
  return { size: whole.length, inMemory: true, view, bytes: view }
}

/**
 * A file of any size, of which a window is in memory.
 *
 * @throws PickleError when it is no regular file; the system's error when it cannot be read
 */
export function openPickleFile(path: string): PickleFile {
  const descriptor = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)) // opening a pipe waits otherwise
  try {
    const found = fstatSync(descriptor)
    if (!found.isFile()) throw new PickleError('it is no regular file')
    const { size } = found
    const window = Buffer.alloc(Math.min(size, windowBytes))
    let start = 0
    let end = 0
    const bytes = (offset: number, length: number) => read(descriptor, Buffer.alloc(length), offset)
    return {
      size,
      inMemory: false,
      bytes,
      view(offset, length) {
        if (length > window.length) return bytes(offset, length)
        if (offset < start || offset + length > end) {
          end = start = offset
          end += read(descriptor, window.subarray(0, Math.min(window.length, size - offset)), offset).length
        }
        return window.subarray(offset - start, offset - start + length)
      },
      close: () => closeSync(descriptor),
    }
  } catch (error) {
    closeSync(descriptor)
    throw error
  }
}

const windowBytes = 1 << 16

/** Node refuses to read 2 GiB or more at once. */
const longestRead = 1 << 30

function read(descriptor: number, into: Buffer, offset: number): Buffer {
  for (let filled = 0; filled < into.length;) {
    const length = Math.min(into.length - filled, longestRead)
    const count = readSync(descriptor, into, filled, length, offset + filled)
    if (count === 0) throw new PickleError('it became shorter while it was read')
    filled += count
  }
  return into
}
