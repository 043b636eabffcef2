import { constants, type Stats } from 'node:fs'
import { type FileHandle, open, stat } from 'node:fs/promises'
import { InputError } from '@m2l/engine/messages'

/**
 * Opens a regular file for reading, also through links. Pipes, sockets and devices are refused rather than
 * waited for, so that a read always ends.
 *
 * @throws InputError when it is a folder, a pipe, a socket or a device; the system's error when it cannot be
 *   opened
 */
export async function openRegularFile(path: string): Promise<FileHandle> {
  requireRegular(path, await stat(path))
  const handle = await open(path, constants.O_RDONLY | nonBlocking)
  try {
    requireRegular(path, await handle.stat()) // what has taken its place meanwhile
    return handle
  } catch (error) {
    await handle.close()
    throw error
  }
}

/**
 * Reads a regular file, see {@link openRegularFile}.
 *
 * @throws InputError when it is none; the system's error when it cannot be read
 */
export async function readRegularFile(path: string): Promise<Buffer> {
  const handle = await openRegularFile(path)
  try {
    return await handle.readFile()
  } finally {
    await handle.close()
  }
}

/** What to call what is no regular file; nothing of one that is. */
export function kindOfFile(found: Pick<Stats, (typeof kinds)[number][0] | 'isFile'>): string | undefined {
  if (found.isFile()) return undefined
  return kinds.find(([test]) => found[test]())?.[1] ?? 'no file'
}

const kinds = [
  ['isDirectory', 'a folder'],
  ['isFIFO', 'a pipe'],
  ['isSocket', 'a socket'],
  ['isCharacterDevice', 'a device'],
  ['isBlockDevice', 'a device'],
] as const

/** Opening a pipe waits for its other end without this; Windows has neither. */
const nonBlocking = constants.O_NONBLOCK ?? 0

function requireRegular(path: string, found: Stats): void {
  const kind = kindOfFile(found)
  if (kind !== undefined)
    throw new InputError(`${path}: is ${kind}; expected a regular file`, { code: 'file' })
}
