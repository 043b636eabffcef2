import { PickleError, pickleText, type PickleValue } from '@m2l/pickle'
import { elementTypes, type ElementTypeName } from '../../state/stored-tensor.js'
import { elementTypeOf } from './torch-constructors.js'
import { TorchStorage, TypedStorage } from './torch-tensor.js'

/** Far more than any model has; the pickle is not charged for what a storage takes besides its content. */
const mostStorages = 100_000

/** The storages that a checkpoint's pickle refers to; their bytes lie beside it. */
export class Storages {
  readonly #byKey = new Map<string, TypedStorage>()

  /** All of them, in the order in which they were referred to first. */
  get all(): TorchStorage[] {
    return [...this.#byKey.values()].map(({ storage }) => storage)
  }

  /** The one of a key, where the pickle refers to it. */
  get(key: string): TypedStorage | undefined {
    return this.#byKey.get(key)
  }

  /**
   * The storage of a persistent id `('storage', class, key, place, elements)`.
   *
   * @throws PickleError when it is another id or contradicts an earlier one
   */
  readonly refer = (id: PickleValue): TypedStorage => {
    const [kind, storageClass, keyValue, , elements, view] = Array.isArray(id) ? id : []
    const key = pickleText(keyValue)
    if (pickleText(kind) !== 'storage' || key === undefined || !isCount(elements)) {
      throw new PickleError('it refers to something else than a storage')
    }
    const type = elementTypeOf(storageClass)
    const whole = this.#whole(key, type, elements)
    return view === undefined || view === null ? whole : partOf(whole, view)
  }

  #whole(key: string, type: ElementTypeName, elements: number): TypedStorage {
    const known = this.#byKey.get(key)
    if (!known) {
      if (this.#byKey.size === mostStorages)
        throw new PickleError(`it holds more than ${mostStorages} storages`)
      const storage = new TorchStorage(key, elements * elementTypes[type].bytes)
      const made = new TypedStorage(storage, { type, start: 0, elements })
      this.#byKey.set(key, made)
      return made
    }
    if (known.type !== type || known.elements !== elements) {
      throw new PickleError(`it describes storage ${key} twice, differently`)
    }
    return known
  }
}

/** The part of a storage that a legacy checkpoint names as `(key of the part, start, elements)`. */
function partOf({ storage, type, elements: all }: TypedStorage, part: PickleValue): TypedStorage {
  const [, start, elements] = Array.isArray(part) ? part : []
  if (!isCount(start) || !isCount(elements) || start + elements > all) {
    throw new PickleError(`it holds a part of storage ${storage.key} that reaches beyond it`)
  }
  return new TypedStorage(storage, { type, start, elements })
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}
