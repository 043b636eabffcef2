import { InputError } from '@m2l/engine'
import { PickleError, pickleText, type PickleValue } from '@m2l/pickle'
import type { StoredTensor } from '../../state/stored-tensor.js'
import type { TorchContainer } from './container.js'
import { findWeights } from './find-weights.js'
import { isLegacyContainer, readLegacyContainer } from './legacy-container.js'
import { TorchTensor } from './torch-tensor.js'
import { isZipContainer, readZipContainer } from './zip-container.js'

/** A text, number or truth value beside the weights, such as the epoch. */
export type CheckpointEntry = string | number | boolean | null

/** What a PyTorch checkpoint holds. */
export interface PyTorchContent {
  readonly container: TorchContainer['container']
  /** The weights under their names without `module.`; see {@link unwrapNames} for other wrappers. */
  readonly tensors: Readonly<Record<string, StoredTensor>>
  /**
   * The entry that held them, such as `fsl` or `state_dict`, with dots where it lies in others; null for a
   * bare state dict.
   */
  readonly under: string | null
  /** Texts, numbers and truth values beside them. */
  readonly entries: Readonly<Record<string, CheckpointEntry>>
  /** What else there is and was not read, such as an optimiser's state: name and kind. */
  readonly leftOut: Readonly<Record<string, string>>
  /** The wanted name where it is no entry: it may stand before names of tensors. */
  readonly wanted?: string
}

/** Whether a file is one that `torch.save` wrote. */
export function isPyTorch(bytes: Uint8Array): boolean {
  return isZipContainer(bytes) || isLegacyContainer(bytes)
}

/**
 * Reads the weights of a file of `torch.save`, of either container. Nothing in it is run: what its pickle
 * asks for by name is looked up in a table of what state dicts consist of. Values are views of `bytes` where
 * type, strides and alignment allow; half precision, bfloat16 and double become single precision, small
 * integers become 32-bit ones.
 *
 * Memory beyond that of `bytes` stays below 128 MiB while reading, and for values below 32 MiB and four times
 * `bytes`.
 *
 * @param source names the file in errors
 * @param wanted the entry whose weights are meant, where there are several
 * @throws {InputError} when it is damaged, holds no state dict, asks for anything else, or would take more
 *   memory
 */
export async function decodePyTorch(bytes: Buffer, source: string, wanted?: string): Promise<PyTorchContent> {
  try {
    const { container, value, storages } = isZipContainer(bytes)
      ? await readZipContainer(bytes)
      : readLegacyContainer(bytes)
    const { tensors, under, others, wanted: left } = findWeights(value, wanted)
    const stored = storages.reduce((sum, { byteLength }) => sum + byteLength, 0)
    checkMemory([...tensors.values()], valueMemory + 4 * stored)
    return {
      container,
      tensors: Object.fromEntries([...tensors].map(([name, tensor]) => [name, tensor.read()])),
      under,
      ...sorted(others),
      ...(left !== undefined && { wanted: left }),
    }
  } catch (error) {
    if (!(error instanceof PickleError)) throw error
    const problem = error.message.replaceAll(/\p{Cc}/gu, '?') // names in it may hold anything
    throw new InputError(
      `${source}: not a PyTorch checkpoint that can be read: ${problem}; copy it again, or save its weights alone: torch.save(model.state_dict(), FILE)`,
      { code: 'weights' },
    )
  }
}

/** In bytes; several tensors may be views of the same elements. */
const valueMemory = 1 << 25

function checkMemory(tensors: readonly TorchTensor[], limit: number): void {
  const bytes = tensors.reduce((sum, tensor) => sum + tensor.bytesInMemory, 0)
  if (!(bytes <= limit)) throw new PickleError(`its tensors unfold to ${bytes} bytes, more than ${limit}`)
}

function sorted(others: ReadonlyMap<string, PickleValue>): Pick<PyTorchContent, 'entries' | 'leftOut'> {
  const entries: [string, CheckpointEntry][] = []
  const leftOut: [string, string][] = []
  for (const [name, value] of others) {
    const entry = entryOf(value)
    if (entry === undefined) leftOut.push([name, kindOf(value)])
    else entries.push([name, entry])
  }
  return { entries: Object.fromEntries(entries), leftOut: Object.fromEntries(leftOut) }
}

function entryOf(value: PickleValue): CheckpointEntry | undefined {
  if (value === null || typeof value === 'boolean' || typeof value === 'number') return value
  return typeof value === 'bigint' ? String(value) : pickleText(value)
}

function kindOf(value: PickleValue): string {
  if (value instanceof TorchTensor) return `tensor [${value.shape}]`
  if (value instanceof Map) return `dict of ${value.size}`
  return Array.isArray(value) ? `list of ${value.length}` : 'object'
}
