import { faultIn, type StoredTensor } from '@m2l/nn'
import type { Weights } from '@m2l/nn/files'
import { readCheckpoint } from '@m2l/trainer'
import { ownName } from '@m2l/model'
import { weightsFile } from './weights-file.js'

/** One tensor of a file of weights. */
export interface ShownTensor {
  readonly name: string
  readonly shape: readonly number[]
  /** The element type in the file, for example `float16`. */
  readonly dtype: string
  /**
   * What of it is NaN, infinite or beyond single precision, in words; such weights are refused wherever they
   * are used.
   */
  readonly notFinite?: string
}

/** What a file of weights holds. */
export interface ShownWeights {
  readonly file: string
  readonly format: Weights['format']
  /** In a PyTorch checkpoint, the entry that holds the weights; null where they are the whole file. */
  readonly under: string | null
  /** The model's, under the names that they have here. */
  readonly tensors: readonly ShownTensor[]
  /** The number of their values. */
  readonly values: number
  /** Texts beside the tensors. */
  readonly metadata: Readonly<Record<string, string>>
  /** What is not read as weights: name and kind. */
  readonly leftOut: Readonly<Record<string, string>>
}

/**
 * Looks at a safetensors file or PyTorch checkpoint.
 *
 * @param file a path, or the name of shipped or fetched weights
 * @throws {InputError} when the file cannot be read or is damaged
 */
export async function showWeights(file: string): Promise<ShownWeights> {
  const checkpoint = await readCheckpoint(weightsFile(file), ownName)
  const { format, under, model, optimiser, unused, metadata, position, leftOut } = checkpoint
  const tensors = Object.entries(model).map(([name, tensor]) => ({ name, ...described(tensor) }))
  return {
    file,
    format,
    under,
    tensors,
    values: tensors.reduce((sum, { shape }) => sum + shape.reduce((product, side) => product * side, 1), 0),
    metadata: { ...metadata, ...(position !== undefined && { position }) },
    leftOut: {
      ...leftOut,
      ...Object.fromEntries(Object.entries(unused).map(([name, tensor]) => [name, unusedKind(tensor)])),
      ...optimiserKind(Object.keys(optimiser).length),
    },
  }
}

function described(tensor: StoredTensor): Omit<ShownTensor, 'name'> {
  const { shape, dtype = 'unknown' } = tensor
  const notFinite = faultIn(tensor)
  return { shape, dtype, notFinite }
}

function unusedKind({ shape }: StoredTensor): string {
  return `tensor [${shape}] of a part that is never used`
}

function optimiserKind(count: number): Record<string, string> {
  return count === 0 ? {} : { optimiser: `state of ${count}` }
}
