import { PickleError } from './pickle-error.js'

/**
 * What a pickle describes.
 *
 * | in Python | here |
 * |---|---|
 * | `None`, `True`, `False` | null, true, false |
 * | `int` | number, or bigint beyond the safe integers |
 * | `float` | number |
 * | `str` of Python 3, `unicode` | string |
 * | `bytes`, `bytearray`, `str` of Python 2 | {@link PickleBytes} |
 * | `list`, `tuple` | array |
 * | `dict` | Map, under texts where keys are byte strings |
 * | `set`, `frozenset` | Set |
 * | a name such as a class | {@link PickleGlobal} |
 * | what a constructor makes of its arguments | as the table of constructors has it |
 *
 * Values may hold themselves: who walks through them has to expect cycles.
 */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | PickleBytes
  | PickleValue[]
  | PickleDict
  | Set<PickleValue>
  | PickleGlobal
  | PickleObject

/** A dict. */
export type PickleDict = Map<PickleValue, PickleValue>

/** Bytes, in memory or left where they are. */
export type PickleBytes = Buffer | ByteRange

/** Bytes that were left in the source. */
export class ByteRange {
  /** @param offset from the start of the source, in bytes */
  constructor(
    readonly offset: number,
    readonly length: number,
  ) {}
}

/** A name that the table of constructors allows, for example `collections.OrderedDict`. */
export class PickleGlobal {
  constructor(readonly name: string) {}
}

/** An object that a constructor makes. */
export class PickleObject {
  /**
   * Takes the state that a pickle may give it afterwards. @throws PickleError when it takes none or not such
   * a one
   */
  setState(_state: PickleValue): void {
    throw new PickleError('it sets the state of an object that takes none')
  }
}

/** Whether a value is bytes, here or in the source. */
export function isPickleBytes(value: PickleValue | undefined): value is PickleBytes {
  return value instanceof ByteRange || Buffer.isBuffer(value)
}

/** The text of a string of Python 3 or, where its bytes are in memory and UTF-8, Python 2. */
export function pickleText(value: PickleValue | undefined): string | undefined {
  return Buffer.isBuffer(value) ? utf8Text(value) : typeof value === 'string' ? value : undefined
}

/** The text that bytes are, exactly; undefined where they are not UTF-8. */
export function utf8Text(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes)
  } catch {
    return undefined
  }
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Sets an item of a dict; byte strings are keys as texts where they are UTF-8, since Python 2 wrote texts as
 * such.
 */
export function setItem(dict: PickleDict, key: PickleValue, value: PickleValue): void {
  dict.set(pickleText(key) ?? key, value)
}
