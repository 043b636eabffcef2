import type { BigIntStats } from 'node:fs'
import { realpath, stat } from 'node:fs/promises'
import { unreadable } from './byte-source.js'

/**
 * A text that is the same for all names of one real file or folder - links to it, hard links, other spellings
 * of its path - and for nothing else on this machine.
 *
 * @throws InputError when there is none, or it cannot be looked at
 */
export async function fileIdentity(path: string): Promise<string> {
  try {
    return identityOf(await stat(path, { bigint: true })) ?? (await realpath(path))
  } catch (error) {
    throw unreadable(path, error)
  }
}

/** The same of what is known already; nothing where the file system numbers no files. */
export function identityOf({ dev, ino }: Pick<BigIntStats, 'dev' | 'ino'>): string | undefined {
  return ino === 0n ? undefined : `${dev}:${ino}`
}
