import { checkWritable } from '../writable-file.js'
import { profileTables } from '../terminal/profile-tables.js'
import type { RecipeCommandOptions } from './recipe-options.js'

/**
 * Does some work, and where a profile is asked for leaves it in its file when the work is done, interrupted
 * or failed, with tables of it for people. Work that refuses its input leaves none.
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
  await checkWritable(file, 'the profile', '--profile')
  const { InputError, startProfile } = await import('@m2l/engine')
  const { writeFileAtomically } = await import('@m2l/engine-native')
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
