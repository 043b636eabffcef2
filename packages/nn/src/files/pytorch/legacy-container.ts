import { PickleError, pickleText, readPickle, type PickleContent, type PickleOptions } from '@m2l/pickle'
import type { TorchContainer } from './container.js'
import { Storages } from './storages.js'
import { torchConstructors } from './torch-constructors.js'

const magic = 0x1950a86a20f9469cfc6cn

/** How the pickle of {@link magic} in protocol 2 begins. */
const start = Buffer.from([0x80, 2, 0x8a, 10])

/** Whether a file is of `torch.save` before PyTorch 1.6, or with `_use_new_zipfile_serialization=False`. */
export function isLegacyContainer(bytes: Uint8Array): boolean {
  return start.equals(bytes.subarray(0, start.length))
}

/**
 * Reads the older container (`torch/serialization.py`, `_legacy_save`): five pickles - magic number, protocol
 * version, sizes of C's types, the value, the keys of its storages - and then each storage as its number of
 * elements and its little-endian bytes.
 *
 * @throws PickleError
 */
export function readLegacyContainer(bytes: Buffer): TorchContainer {
  let at = 0
  const next = (options: PickleOptions): PickleContent['value'] => {
    const { value, end } = readPickle(bytes, { ...options, start: at })
    at = end
    return value
  }
  if (next(little) !== magic) throw new PickleError('it does not begin with the magic number of PyTorch')
  if (next(little) !== 1001) throw new PickleError('it is of a version that is unknown')
  next(little)
  const storages = new Storages()
  const value = next({ constructors: torchConstructors, persistent: storages.refer })
  const keys = next({})
  if (!Array.isArray(keys)) throw new PickleError('it does not list its storages')
  for (const key of keys) {
    const storage = storages.get(pickleText(key) ?? '')
    if (!storage) throw new PickleError('it lists a storage to which nothing refers')
    const content = at + 8
    const end = content + storage.storage.byteLength
    if (end > bytes.length) throw new PickleError('it is cut off')
    if (bytes.readBigInt64LE(at) !== BigInt(storage.elements)) {
      throw new PickleError(`storage ${storage.storage.key} has not as many elements as it should`)
    }
    storage.storage.fill(bytes.subarray(content, end), false)
    at = end
  }
  return { container: 'legacy', value, storages: storages.all }
}

/** For pickles of a few numbers. */
const little: PickleOptions = { memory: 1 << 16 }
