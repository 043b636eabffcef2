import { InputError, readRegularFile, writeFileAtomically } from '@m2l/engine'

/** @throws {InputError} when the file cannot be read */
export async function readWhole(file: string): Promise<Buffer> {
  try {
    return await readRegularFile(file)
  } catch (error) {
    throw unusable(
      file,
      'read',
      'name a safetensors file or PyTorch checkpoint that exists and is readable',
      error,
    )
  }
}

/**
 * Writes a file at once: a reader sees the old file or the new one, never a part.
 *
 * @throws {InputError} when it cannot be written
 */
export async function writeWhole(file: string, bytes: Uint8Array): Promise<void> {
  try {
    await writeFileAtomically(file, bytes)
  } catch (error) {
    throw unusable(file, 'written', 'choose a place that exists, is writable and has room', error)
  }
}

function unusable(file: string, verb: string, remedy: string, error: unknown): unknown {
  if (!(error instanceof Error && 'code' in error)) return error
  const reason = error.message.replace(/, \w+( '.*)?$/s, '')
  return new InputError(`${file}: cannot be ${verb} (${reason}); ${remedy}`, { cause: error })
}
