import { InputError } from '@m2l/engine'
import {
  encodeModelWeights,
  isOwnCheckpoint,
  ownCheckpoint,
  type OwnCheckpoint,
  type Tensors,
} from '@m2l/model'
import type { StoredTensor } from '@m2l/nn'
import { loadWeights, unwrapWeights, writeWhole, type Weights } from '@m2l/nn/files'

/** What a model calls a tensor of a checkpoint from elsewhere; null where it has no use for it. */
export type Rename = (name: string) => string | null

/** A checkpoint of ours or from elsewhere, its tensors by what they belong to. */
export interface StoredCheckpoint extends Pick<
  Weights,
  'format' | 'metadata' | 'under' | 'leftOut' | 'sha256'
> {
  /** Whether it was written by {@link saveModelWeights} or as a checkpoint of training. */
  readonly isOwn: boolean
  /** Under the names of a `FewShotModel`: `encoder.…`, and each level's under its name. */
  readonly model: Tensors
  readonly optimiser: Tensors
  /** In a checkpoint of training, see `parsePosition`. */
  readonly position?: string
  /** Those of a checkpoint from elsewhere that have no use here, under its names. */
  readonly unused: Tensors
}

/**
 * Reads a checkpoint of either format.
 *
 * @param rename tells what a tensor of a checkpoint from elsewhere is called here; its own name unless told
 * @throws {InputError} when the file cannot be read, is damaged, or two tensors of it get the same name
 */
export async function readCheckpoint(
  file: string,
  rename: Rename = (name) => name,
): Promise<StoredCheckpoint> {
  const read = await loadWeights(file)
  const isOwn = read.format === 'safetensors' && isOwnCheckpoint(read, file)
  if (isOwn && read.wanted !== undefined) {
    throw new InputError(`${file}: a checkpoint of ours holds one set of weights; leave out #${read.wanted}`)
  }
  const { tensors, ...described } = isOwn ? read : unwrapWeights(read, file)
  if (isOwn) return { ...described, ...ownCheckpoint(read), isOwn }
  const [model, unused] = [new Map<string, StoredTensor>(), new Map<string, StoredTensor>()]
  for (const [name, tensor] of Object.entries(tensors)) {
    const own = rename(name)
    if (own !== null && model.has(own)) {
      throw new InputError(`${file}: holds ${own} twice, the second time as ${name}; remove one of them`)
    }
    if (own === null) unused.set(name, tensor)
    else model.set(own, tensor)
  }
  return {
    ...described,
    isOwn: false,
    model: Object.fromEntries(model),
    optimiser: {},
    unused: Object.fromEntries(unused),
  }
}

/**
 * Saves a model's weights as a checkpoint of ours, at once.
 *
 * @param metadata free texts
 * @throws {InputError} when a value is not finite, or the file cannot be written
 */
export async function saveModelWeights(
  file: string,
  weights: Pick<OwnCheckpoint, 'model' | 'unused'>,
  metadata: Readonly<Record<string, string>>,
): Promise<void> {
  await writeWhole(file, encodeModelWeights(weights, metadata, file))
}
