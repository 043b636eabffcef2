import { mkdir } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'

/**
 * The environment for a program that helps to install: this process's own, with a folder for temporary files
 * that is there and can be written, and with a home where the user has none.
 *
 * @param folder an empty one that is removed in the end.
 */
export async function toolEnvironment(folder: string): Promise<NodeJS.ProcessEnv> {
  const temporary = join(folder, 'tmp')
  await mkdir(temporary, { recursive: true })
  const places = { TMPDIR: temporary, TMP: temporary, TEMP: temporary }
  return { ...process.env, ...places, ...(hasHome() ? {} : { HOME: folder }) }
}

function hasHome(): boolean {
  try {
    return homedir() !== ''
  } catch {
    return false
  }
}
