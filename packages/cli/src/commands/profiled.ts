import { randomUUID } from 'node:crypto'
import { rm, stat, writeFile } from 'node:fs/promises'
import { profileTables } from '../terminal/profile-tables.js'
import type { RecipeCommandOptions } from './recipe-options.js'

/**
 * Does some work, and where a profile is asked for leaves it in its file when the work is done, interrupted or failed, with
 * tables of it for people. Work that refuses its input leaves none.
 *
 * @param say tells lines to people
 * @throws {InputError} before the work begins, when the file could not be written
 */
export async function profiled<Result>(
  { profile: file, json }: Pick<RecipeCommandOptions, 'profile' | 'json'>,
  say: (line: string) => void,
  work: () => Promise<Result>,
): Promise<Result> {
  if (file === undefined) return work()
  await checkWritable(file)
  const { InputError, startProfile, writeFileAtomically } = await import('@m2l/engine')
  const profile = startProfile()
  const leave = async () => {
    const { trace, summary } = profile.stop()
    await writeFileAtomically(file, JSON.stringify(trace))
    if (json) return
    const opening = 'open it in https://ui.perfetto.dev or chrome://tracing'
    say(`${profileTables(summary)}\nprofile   ${file}; ${opening}`)
  }
  let result: Result
  try {
    result = await work()
  } catch (error) {
    if (error instanceof InputError) profile.stop()
    else await leave()
    throw error
  }
  await leave()
  return result
}

/** Tries what {@link writeFileAtomically} will do, so that hours of work do not end in a refusal. */
async function checkWritable(file: string): Promise<void> {
  const trial = `${file}.${randomUUID()}.tmp`
  try {
    if (await isFolder(file)) throw Object.assign(new Error(), { code: 'EISDIR' })
    await writeFile(trial, '', { flag: 'wx' })
    await rm(trial)
  } catch (error) {
    const { InputError } = await import('@m2l/engine')
    const { code } = error as NodeJS.ErrnoException
    throw new InputError(
      `${file}: expected a file to write the profile to, but ${reasons[code ?? ''] ?? `it cannot be written (${code ?? String(error)})`}; name another with --profile FILE`,
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
