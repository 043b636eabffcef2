import { readFile } from 'node:fs/promises'
import { InputError, writeFileAtomically } from '@m2l/engine'
import { decodeSafetensors, encodeSafetensors, type SafetensorsContent } from './safetensors.js'

/**
 * Writes tensors to a safetensors file at once: a reader sees the old file or the new one, never a part.
 *
 * @param metadata free texts; `sha256` is the checksum's
 * @throws {InputError} when the file cannot be written
 */
export async function saveSafetensors(
  file: string,
  tensors: SafetensorsContent['tensors'],
  metadata: SafetensorsContent['metadata'] = {},
): Promise<void> {
  const bytes = encodeSafetensors({ tensors, metadata })
  try {
    await writeFileAtomically(file, bytes)
  } catch (error) {
    throw unusable(file, 'written', 'choose a place that exists, is writable and has room', error)
  }
}

/**
 * Reads a safetensors file and verifies its checksum where it has one.
 *
 * @throws {InputError} when the file cannot be read or is not a whole, consistent safetensors file
 */
export async function loadSafetensors(file: string): Promise<SafetensorsContent> {
  let bytes: Uint8Array
  try {
    bytes = await readFile(file)
  } catch (error) {
    throw unusable(file, 'read', 'name a safetensors file that exists and is readable', error)
  }
  return decodeSafetensors(bytes, file)
}

function unusable(file: string, verb: string, remedy: string, error: unknown): unknown {
  if (!(error instanceof Error && 'code' in error)) return error
  const reason = error.message.replace(/, \w+( '.*)?$/s, '')
  return new InputError(`${file}: cannot be ${verb} (${reason}); ${remedy}`, { cause: error })
}
