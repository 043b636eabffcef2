import { stat } from 'node:fs/promises'

/**
 * Refuses a file that is there already, before any work is done for it.
 *
 * @param option how to name another one
 * @throws {InputError} when something of that name is there
 */
export async function refuseToReplace(file: string, option: string): Promise<void> {
  const { InputError } = await import('@m2l/engine')
  if (await stat(file).catch(() => undefined)) {
    throw new InputError(`${file}: is there already; name another with ${option}, or replace it with --force`)
  }
}
