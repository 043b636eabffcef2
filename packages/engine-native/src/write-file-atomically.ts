import { randomUUID } from 'node:crypto'
import { open, realpath, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { InputError } from '@m2l/engine/messages'
import { kindOfFile } from './regular-file.js'

/**
 * Writes a file at once: a reader sees the old content or the new, never a part, whenever the process is
 * killed or the disk is full. A link stays, and the file that it leads to is written. (npm's
 * `write-file-atomic` takes a write that the system cut short for a whole one.)
 *
 * @param data bytes, or a text that is written as UTF-8
 * @throws InputError when a folder, a pipe or a device, such as `/dev/null`, has that name; the system's
 *   error when it cannot be written. What was there is then as it was.
 */
export async function writeFileAtomically(file: string, data: Uint8Array | string): Promise<void> {
  const target = await realpath(file).catch(() => file)
  const found = await stat(target).catch(() => undefined)
  const kind = found && kindOfFile(found)
  if (kind !== undefined)
    throw new InputError(`${file}: is ${kind}; name a regular file, or one to be made`, { code: 'file' })
  const temporary = `${target}.${randomUUID()}.tmp`
  try {
    const handle = await open(temporary, 'wx')
    try {
      await handle.writeFile(data)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(temporary, target)
    await syncFolder(dirname(target))
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

/** Makes renames within a folder last through a loss of power, where the system can. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined) // Windows opens no folders
  await handle?.sync().catch(() => {})
  await handle?.close()
}
