import { InputError } from '@m2l/engine'
import { requireFiniteTensors, type StoredTensor } from '@m2l/nn'
import { loadWeights, saveSafetensors, unwrapWeights, type Weights } from '@m2l/nn/files'

/** What the metadata of a checkpoint of ours say under `format`. */
export const ownFormat = 'm2l-checkpoint-1'

/** Tensors by name. */
export type Tensors = Readonly<Record<string, StoredTensor>>

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
  const { format } = read.metadata
  if (read.format === 'safetensors' && format?.startsWith('m2l-') && format !== ownFormat) {
    throw new InputError(
      `${file}: is a file of ${format}, no weights of ${ownFormat}; name a checkpoint, or use the version that wrote it`,
    )
  }
  if (format === ownFormat && read.wanted !== undefined) {
    throw new InputError(`${file}: a checkpoint of ours holds one set of weights; leave out #${read.wanted}`)
  }
  const isOwnFormat = read.format === 'safetensors' && format === ownFormat
  const { tensors, ...described } = isOwnFormat ? read : unwrapWeights(read, file)
  if (isOwnFormat) {
    const { position, ...metadata } = described.metadata
    return {
      ...described,
      metadata,
      position,
      isOwn: true,
      model: below('model', tensors),
      optimiser: below('optimiser', tensors),
      unused: below('unused', tensors),
    }
  }
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
 * @param unused tensors that only the program has a use for that the weights came from
 * @param metadata free texts
 * @throws {InputError} when a value is not finite, or the file cannot be written
 */
export async function saveModelWeights(
  file: string,
  { model, unused }: { readonly model: Tensors; readonly unused: Tensors },
  metadata: Readonly<Record<string, string>>,
): Promise<void> {
  const tensors = { ...withPrefix('model', model), ...withPrefix('unused', unused) }
  requireFiniteTensors(tensors, `${file} was not written`)
  await saveSafetensors(file, tensors, { ...metadata, format: ownFormat })
}

/** The same tensors as `<prefix>.<name>`. */
export function withPrefix(prefix: string, tensors: Tensors): Tensors {
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [`${prefix}.${name}`, tensor]))
}

/** The tensors `<prefix>.<name>` as `<name>`. */
function below(prefix: string, tensors: Tensors): Tensors {
  const start = `${prefix}.`
  return Object.fromEntries(
    Object.entries(tensors).flatMap(([name, tensor]) =>
      name.startsWith(start) ? [[name.slice(start.length), tensor]] : [],
    ),
  )
}
