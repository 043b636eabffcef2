import { assignState, type AssignOptions } from '../state/assign-state.js'
import { encodeState } from '../state/encode-state.js'
import type { StateDict } from '../state/parameter.js'
import { loadWeights, unwrapWeights } from './weights-file.js'
import { writeWhole } from './whole-file.js'

/**
 * Saves a state dict as a safetensors file in PyTorch's layouts, at once.
 *
 * @param metadata free texts, for example the epoch
 * @throws {InputError} when a parameter is not finite, or the file cannot be written
 */
export async function saveState(
  file: string,
  state: StateDict,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  await writeWhole(file, await encodeState(state, metadata, file))
}

/**
 * Restores a state dict from a safetensors file or a PyTorch checkpoint. Nothing is assigned unless every
 * name and shape fits.
 *
 * @returns the file's metadata, see {@link Weights}
 * @throws {InputError} when the file cannot be read, is damaged, or holds another model's parameters
 */
export async function loadState(
  file: string,
  state: StateDict,
  options: AssignOptions = {},
): Promise<Readonly<Record<string, string>>> {
  const read = await loadWeights(file)
  const { prefix } = options
  const own = (name: string) => (prefix === undefined ? name : `${prefix}.${name}`)
  const isOwn =
    read.wanted === undefined && Object.keys(state).some((name) => Object.hasOwn(read.tensors, own(name)))
  const { tensors, metadata } = isOwn ? read : unwrapWeights(read, file)
  assignState(state, tensors, file, options)
  return metadata
}
