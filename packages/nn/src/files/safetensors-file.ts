import { decodeSafetensors, encodeSafetensors, type SafetensorsContent } from '../state/safetensors.js'
import { readWhole, writeWhole } from './whole-file.js'

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
  await writeWhole(file, encodeSafetensors({ tensors, metadata }))
}

/**
 * Reads a safetensors file and verifies its checksum where it has one.
 *
 * @throws {InputError} when the file cannot be read or is not a whole, consistent safetensors file
 */
export async function loadSafetensors(file: string): Promise<SafetensorsContent> {
  return decodeSafetensors(await readWhole(file), file)
}
