import { readFile } from 'node:fs/promises'
import { InputError } from '@m2l/engine'

/**
 * The bytes of a file.
 *
 * @throws {InputError} when it cannot be read
 */
export async function readBytes(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file)
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'is not there' : 'cannot be read'
    throw new InputError(`${file}: ${reason}; name a whole folder of parity cases`, { cause: error })
  }
}
