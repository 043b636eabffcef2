import { mkdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * Makes a folder, and those above it, as `mkdir -p` does. Node's own recursive `mkdir` never ends where the
 * system says that a parent is missing that is there, as in `/proc`.
 *
 * @returns the outermost folder that was made; nothing where the folder was there
 * @throws the system's error when it cannot be made, or a file is in the way
 */
export async function makeFolder(path: string): Promise<string | undefined> {
  try {
    return await makeOne(path)
  } catch (error) {
    const parent = dirname(path)
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || parent === path) throw error
    const outermost = await makeFolder(parent)
    const made = await makeOne(path)
    return outermost ?? made
  }
}

async function makeOne(path: string): Promise<string | undefined> {
  try {
    await mkdir(path)
    return path
  } catch (error) {
    const found = await stat(path).catch(() => undefined)
    if (found?.isDirectory()) return undefined
    throw error
  }
}
