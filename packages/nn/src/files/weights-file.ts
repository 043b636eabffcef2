import { createHash } from 'node:crypto'
import { statSync } from 'node:fs'
import { refuseOtherArchives, refuseOtherFormats } from './other-formats.js'
import { decodePyTorch, isPyTorch } from './pytorch/decode-pytorch.js'
import { encodePyTorch, type PyTorchOptions } from './pytorch/encode-pytorch.js'
import { decodeSafetensors } from '../state/safetensors.js'
import { loadShards, shardIndex } from './shards.js'
import type { StoredTensor } from '../state/stored-tensor.js'
import { unwrapNames } from './unwrap-names.js'
import { readWhole, writeWhole } from './whole-file.js'

/** The weights of a file of either format. */
export interface Weights {
  /** PyTorch's older and newer container are told apart. */
  readonly format: 'safetensors' | 'pytorch-legacy' | 'pytorch-zip'
  readonly tensors: Readonly<Record<string, StoredTensor>>
  /** The metadata of a safetensors file; of a PyTorch checkpoint, the entries beside the weights as texts. */
  readonly metadata: Readonly<Record<string, string>>
  /**
   * What held the weights: the entry of a PyTorch checkpoint, and what {@link unwrapWeights} took off before
   * names; null where they are the whole file.
   */
  readonly under: string | null
  /** What is no weights and was not read, such as an optimiser's state: name and kind. */
  readonly leftOut: Readonly<Record<string, string>>
  /** The SHA-256 of the file as it was read, in hexadecimal; of shards, over theirs. */
  readonly sha256: string
  /**
   * The name after `#` where it is no entry: it may stand before names of tensors, see {@link unwrapWeights}.
   */
  readonly wanted?: string
}

/**
 * A file of weights, and the part of it that is meant: `FILE#PART`, where there is no file of the whole name.
 */
export function weightsPath(name: string): { readonly file: string; readonly part?: string } {
  const [, file, part] = /^(.+)#([^#/\\]+)$/s.exec(name) ?? []
  if (file === undefined || statSync(name, { throwIfNoEntry: false })) return { file: name }
  return { file, part: part! }
}

/**
 * Reads weights from a safetensors file or a PyTorch checkpoint; which of them it is, its content tells. An
 * index of shards (`model.safetensors.index.json`, `pytorch_model.bin.index.json`) reads all of them.
 *
 * @param name the file; `FILE#PART` where it holds several sets of weights, such as a model and its average
 * @throws {InputError} when the file cannot be read, is damaged, is a checkpoint of more than data, or is of
 *   another format, which is told
 */
export async function loadWeights(name: string): Promise<Weights> {
  const { file, part } = weightsPath(name)
  const bytes = await readWhole(file)
  const index = shardIndex(bytes)
  if (!index) return decodeWeights(bytes, file, part)
  const shards = loadShards(file, index, async (shard) => decodeWeights(await readWhole(shard), shard))
  return { ...(await shards), ...wantedPart(part) }
}

async function decodeWeights(bytes: Buffer, file: string, part?: string): Promise<Weights> {
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  if (!isPyTorch(bytes)) {
    refuseOtherFormats(bytes, file)
    const content = decodeSafetensors(bytes, file)
    return { format: 'safetensors', ...content, under: null, leftOut: {}, sha256, ...wantedPart(part) }
  }
  await refuseOtherArchives(bytes, file)
  const { container, tensors, under, entries, leftOut, wanted } = await decodePyTorch(bytes, file, part)
  const texts = Object.entries(entries).map(([key, value]) => [key, String(value)] as const)
  return {
    format: `pytorch-${container}`,
    tensors,
    metadata: Object.fromEntries(texts),
    under,
    leftOut,
    sha256,
    ...wantedPart(wanted),
  }
}

/**
 * The weights under the names that the model itself gave them, without what wrappers put before them:
 * DataParallel, DistributedDataParallel, AveragedModel, torch.compile, modules of Lightning.
 *
 * @param file names it in errors
 * @throws {InputError} when two tensors get the same name, or there are several sets of weights and none is
 *   named
 */
export function unwrapWeights(weights: Weights, file: string): Weights {
  const { wanted, ...read } = weights
  const { tensors, without, leftOut } = unwrapNames(
    new Map(Object.entries(read.tensors)),
    weightsPath(file).file,
    wanted,
  )
  const kinds = [...leftOut].map(([name, { shape }]) => [name, `tensor [${shape}]`])
  const under = [read.under, without].filter((one) => one !== null).join('.')
  return {
    ...read,
    tensors: Object.fromEntries(tensors),
    under: under === '' ? null : under,
    leftOut: { ...read.leftOut, ...(Object.fromEntries(kinds) as Record<string, string>) },
  }
}

function wantedPart(wanted: string | undefined): Pick<Weights, 'wanted'> {
  return wanted === undefined ? {} : { wanted }
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
