import {
  copyFile,
  link,
  lstat,
  open,
  readlink,
  realpath,
  rename,
  rm,
  symlink,
  unlink,
  utimes,
} from 'node:fs/promises'
import { dirname, isAbsolute, resolve } from 'node:path'

/** What a system says where a file cannot have two names. */
const unlinkable = new Set(['EXDEV', 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EACCES'])

/** Under this name a file arrives that must be copied. */
export function partOf(path: string): string {
  return `${path}.m2l-part`
}

/**
 * Moves a file, or a link to one, to a name that nothing has. It is there under its old name or under the new
 * one, or for a moment under both, whenever the process is killed; between file systems it is copied first. A
 * link leads where it led before.
 *
 * @throws the system's error, `EEXIST` where something has the name; the file is then where it was
 */
export async function moveFile(from: string, to: string): Promise<void> {
  if ((await lstat(from)).isSymbolicLink()) {
    await symlink(await leadsTo(from), to)
  } else {
    try {
      await link(from, to)
    } catch (error) {
      if (!unlinkable.has((error as NodeJS.ErrnoException).code ?? '')) throw error
      await copyWhole(from, to)
    }
  }
  await unlink(from)
}

/** Where a link leads, so that it does from anywhere. */
export async function leadsTo(from: string): Promise<string> {
  const text = await readlink(from)
  return isAbsolute(text) ? text : resolve(await realpath(dirname(from)), text)
}

async function copyWhole(from: string, to: string): Promise<void> {
  const part = partOf(to)
  try {
    await copyFile(from, part)
    const { atime, mtime } = await lstat(from)
    await utimes(part, atime, mtime)
    const handle = await open(part, 'r')
    await handle.sync().finally(() => handle.close())
    await giveName(part, to)
  } finally {
    await rm(part, { force: true })
  }
}

/** Where names cannot be given exclusively, another process could take it between the look and the act. */
async function giveName(part: string, to: string): Promise<void> {
  try {
    await link(part, to)
  } catch (error) {
    if (!unlinkable.has((error as NodeJS.ErrnoException).code ?? '')) throw error
    if (await lstat(to).catch(() => undefined))
      throw Object.assign(new Error(`EEXIST: ${to}`), { code: 'EEXIST' })
    await rename(part, to)
  }
}
