import { InputError } from '@m2l/engine'
import { decodePyTorch, isPyTorch } from './pytorch/decode-pytorch.js'
import { encodePyTorch, type PyTorchOptions } from './pytorch/encode-pytorch.js'
import { decodeSafetensors } from './safetensors.js'
import type { StoredTensor } from './stored-tensor.js'
import { readWhole, writeWhole } from './whole-file.js'

/** The weights of a file of either format. */
export interface Weights {
  /** PyTorch's older and newer container are told apart. */
  readonly format: 'safetensors' | 'pytorch-legacy' | 'pytorch-zip'
  readonly tensors: Readonly<Record<string, StoredTensor>>
  /** The metadata of a safetensors file; of a PyTorch checkpoint, the entries beside the weights as texts. */
  readonly metadata: Readonly<Record<string, string>>
  /** In a PyTorch checkpoint, the entry that holds the weights; null where they are the whole file. */
  readonly under: string | null
  /** In a PyTorch checkpoint, what is no weights and was not read, such as an optimiser's state: name and kind. */
  readonly leftOut: Readonly<Record<string, string>>
}

/**
 * Reads weights from a safetensors file or a PyTorch checkpoint; which of them it is, its content tells.
 *
 * @throws {InputError} when the file cannot be read, is damaged, or is a checkpoint of more than data
 */
export async function loadWeights(file: string): Promise<Weights> {
  const bytes = await readWhole(file)
  if (!isPyTorch(bytes)) {
    if (isBarePickle(bytes)) {
      throw new InputError(
        `${file}: a pickle, but not one of torch.save, which alone is read; save its weights so: torch.save(model.state_dict(), FILE)`,
      )
    }
    return { format: 'safetensors', ...decodeSafetensors(bytes, file), under: null, leftOut: {} }
  }
  const { container, tensors, under, entries, leftOut } = await decodePyTorch(bytes, file)
  const texts = Object.entries(entries).map(([name, value]) => [name, String(value)] as const)
  return { format: `pytorch-${container}`, tensors, metadata: Object.fromEntries(texts), under, leftOut }
}

/** Whether bytes begin as a pickle of protocol 2 to 5 does, and not as the header of a safetensors file of their size. */
function isBarePickle(bytes: Buffer): boolean {
  if (bytes.length < 8 || bytes[0] !== 0x80 || bytes[1]! < 2 || bytes[1]! > 5) return false
  return bytes.readBigUInt64LE() > bytes.length
}

/**
 * Writes tensors as a PyTorch checkpoint at once: a reader sees the old file or the new one, never a part.
 *
 * @throws {InputError} when the file cannot be written
 */
export async function savePyTorch(
  file: string,
  tensors: Readonly<Record<string, StoredTensor>>,
  options: PyTorchOptions = {},
): Promise<void> {
  await writeWhole(file, await encodePyTorch(tensors, options))
}
