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
    const kind = await kindOf(file)
    if (kind !== undefined) throw Object.assign(new Error(), { kind })
    await writeFile(trial, '', { flag: 'wx' })
    await rm(trial)
  } catch (error) {
    const { InputError } = await import('@m2l/engine')
    const { code, kind } = error as NodeJS.ErrnoException & { kind?: string }
    throw new InputError(
      `${file}: expected a file to write ${content} to, but ${(kind && `it is ${kind}`) ?? reasons[code ?? ''] ?? `it cannot be written (${code ?? String(error)})`}; name another with ${option} FILE`,
    )
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'its folder does not exist',
  ENOTDIR: 'its folder is a file',
}

/** What has the name already, if it is no regular file. */
async function kindOf(path: string): Promise<string | undefined> {
  const found = await stat(path).catch(() => undefined)
  if (!found) return undefined
  const { kindOfFile } = await import('@m2l/engine')
  return kindOfFile(found)
}
