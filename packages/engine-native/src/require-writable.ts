import { randomUUID } from 'node:crypto'
import { rm, stat, writeFile } from 'node:fs/promises'
import { InputError } from '@m2l/engine/messages'
import { kindOfFile } from './regular-file.js'

/**
 * Tries what `writeFileAtomically` will do, so that hours of work do not end in a refusal. Nothing is left of
 * it.
 *
 * @param content what is to be written, such as `the page`
 * @param remedy what to do where it cannot be
 * @throws {InputError} when the file could not be written
 */
export async function requireWritable(file: string, content: string, remedy = 'name another'): Promise<void> {
  const found = await stat(file).catch(() => undefined)
  const kind = found && kindOfFile(found)
  const why = kind === undefined ? await whyUnwritable(file) : `it is ${kind}`
  if (why === undefined) return
  throw new InputError(`${file}: expected a file to write ${content} to, but ${why}; ${remedy}`, {
    code: 'file',
  })
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'its folder does not exist',
  ENOTDIR: 'its folder is a file',
}

async function whyUnwritable(file: string): Promise<string | undefined> {
  const trial = `${file}.${randomUUID()}.tmp`
  try {
    await writeFile(trial, '', { flag: 'wx' })
    await rm(trial)
    return undefined
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return reasons[code ?? ''] ?? `it cannot be written (${code ?? String(error)})`
  }
}
