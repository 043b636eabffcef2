import { randomUUID } from 'node:crypto'
import { open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * Writes a file at once: a reader sees the old content or the new, never a part, whenever the process is killed or the
 * disk is full. (npm's `write-file-atomic` takes a write that the system cut short for a whole one.)
 *
 * @param data bytes, or a text that is written as UTF-8
 * @throws the system's error when it cannot be written; the old file is then as it was
 */
export async function writeFileAtomically(file: string, data: Uint8Array | string): Promise<void> {
  const temporary = `${file}.${randomUUID()}.tmp`
  try {
    const handle = await open(temporary, 'wx')
    try {
      await handle.writeFile(data)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(temporary, file)
    await syncFolder(dirname(file))
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
