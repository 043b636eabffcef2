import { randomUUID } from 'node:crypto'
import { rm, stat, writeFile } from 'node:fs/promises'

/**
 * Tries what `writeFileAtomically` will do, so that hours of work do not end in a refusal.
 *
 * @param content what is to be written
 * @param option that named the file
 * @throws {InputError} when the file could not be written
 */
export async function checkWritable(file: string, content: string, option: string): Promise<void> {
  const trial = `${file}.${randomUUID()}.tmp`
  try {
    if (await isFolder(file)) throw Object.assign(new Error(), { code: 'EISDIR' })
    await writeFile(trial, '', { flag: 'wx' })
    await rm(trial)
  } catch (error) {
    const { InputError } = await import('@m2l/engine')
    const { code } = error as NodeJS.ErrnoException
    throw new InputError(
      `${file}: expected a file to write ${content} to, but ${reasons[code ?? ''] ?? `it cannot be written (${code ?? String(error)})`}; name another with ${option} FILE`,
    )
  }
}

const reasons: Readonly<Record<string, string>> = {
  EISDIR: 'it is a folder',
  ENOENT: 'its folder does not exist',
  ENOTDIR: 'its folder is a file',
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory()
  } catch {
    return false
  }
}
