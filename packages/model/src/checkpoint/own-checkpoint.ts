import { InputError } from '@m2l/engine'
import {
  decodeSafetensors,
  encodeSafetensors,
  requireFiniteTensors,
  within,
  prefixed,
  type SafetensorsContent,
  type StoredTensor,
} from '@m2l/nn'

/** What the metadata of a checkpoint of ours say under `format`. */
export const ownFormat = 'm2l-checkpoint-1'

/** Tensors by name. */
export type Tensors = Readonly<Record<string, StoredTensor>>

/** A checkpoint of ours, its tensors by what they belong to. */
export interface OwnCheckpoint {
  /** Under the names of a `FewShotModel`: `encoder.…`, and each level's under its name. */
  readonly model: Tensors
  readonly optimiser: Tensors
  /** Those that only the program has a use for that the weights came from. */
  readonly unused: Tensors
  readonly metadata: Readonly<Record<string, string>>
  /** In a checkpoint of training, where it is, as its maker reads it. */
  readonly position?: string | undefined
}

/**
 * Reads the bytes of a checkpoint of ours.
 *
 * @param source names it in errors
 * @throws {InputError} when the bytes are damaged, or no checkpoint of ours
 */
export function decodeCheckpoint(bytes: Uint8Array, source: string): OwnCheckpoint {
  const content = decodeSafetensors(bytes, source)
  if (isOwnCheckpoint(content, source)) return ownCheckpoint(content)
  throw new InputError(
    `${source}: holds weights that are no checkpoint of ours (${ownFormat}); convert them with \`m2l weights convert\``,
    { code: 'weights' },
  )
}

/**
 * Whether tensors with these metadata are a checkpoint of ours.
 *
 * @throws {InputError} when they are of another version, or are something else of ours
 */
export function isOwnCheckpoint(
  { metadata: { format } }: Pick<SafetensorsContent, 'metadata'>,
  source: string,
): boolean {
  if (format?.startsWith('m2l-') && format !== ownFormat) {
    throw new InputError(
      `${source}: is a file of ${format}, no weights of ${ownFormat}; name a checkpoint, or use the version that wrote it`,
      { code: 'weights' },
    )
  }
  return format === ownFormat
}

/** The tensors of a checkpoint of ours by what they belong to. */
export function ownCheckpoint({ tensors, metadata: all }: SafetensorsContent): OwnCheckpoint {
  const { position, ...metadata } = all
  return {
    model: within('model', tensors),
    optimiser: within('optimiser', tensors),
    unused: within('unused', tensors),
    metadata,
    position,
  }
}

/**
 * A model's weights as the bytes of a checkpoint of ours.
 *
 * @param metadata free texts
 * @param source names it in errors
 * @throws {InputError} when a value is not finite
 */
export function encodeModelWeights(
  { model, unused }: Pick<OwnCheckpoint, 'model' | 'unused'>,
  metadata: Readonly<Record<string, string>>,
  source: string,
): Uint8Array<ArrayBuffer> {
  const tensors = { ...prefixed('model', model), ...prefixed('unused', unused) }
  requireFiniteTensors(tensors, `${source} was not written`)
  return encodeSafetensors({ tensors, metadata: { ...metadata, format: ownFormat } })
}
