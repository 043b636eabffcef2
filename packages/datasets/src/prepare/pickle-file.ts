import { InputError } from '@m2l/engine'
import {
  ByteRange,
  NumpyArray,
  numpyConstructors,
  numpyValues,
  PickleError,
  type PickleBytes,
  type PickleDict,
  type PickleSource,
  pickleText,
  type PickleValue,
  readPickle,
} from '@m2l/pickle'
import type { ByteSource } from '../sources/byte-source.js'
import type { FileTree } from '../sources/file-tree.js'

/** A pickle of arrays whose bytes were left in the file. */
export interface PickledFile {
  readonly value: PickleValue
  /** What to call it in a message. */
  readonly name: string
  /** Bytes of its arrays, or a part of them. */
  bytes(of: PickleBytes, offset?: number, length?: number): Promise<Buffer>
}

/**
 * Reads a pickle of a tree, whatever its size, and leaves long byte strings where they are.
 *
 * @throws InputError when it is damaged, or holds more than data
 */
export async function openPickled(tree: FileTree, file: string): Promise<PickledFile> {
  const source = await tree.open(file)
  try {
    const { value } = readPickle(windowOn(source), {
      constructors: numpyConstructors,
      leaveBytesFrom: shortestLeft,
      memory: Math.min(largestValues, fewestValues + source.size),
    })
    return {
      value,
      name: source.name,
      bytes: async (of, offset = 0, length = of.length) =>
        of instanceof ByteRange
          ? source.read(of.offset + offset, length)
          : of.subarray(offset, offset + length),
    }
  } catch (error) {
    if (!(error instanceof PickleError)) throw error
    throw new InputError(`${source.name}: cannot be read as a pickle (${error.message}); fetch it again`)
  }
}

/** A pickled dict. @throws InputError when it is none */
export function dictOf({ name, value }: PickledFile): PickleDict {
  if (value instanceof Map) return value
  throw new InputError(`${name}: holds no dict; fetch it again`)
}

/** Whole numbers: a list of them or a one-dimensional array; undefined where the value is neither. */
export async function integersOf(
  file: PickledFile,
  value: PickleValue | undefined,
): Promise<number[] | undefined> {
  const items = value instanceof NumpyArray && value.shape.length === 1 ? await numbersOf(file, value) : value
  if (!Array.isArray(items)) return undefined
  const numbers = items.map((item) => (typeof item === 'bigint' ? Number(item) : item))
  return numbers.every((item) => typeof item === 'number' && Number.isSafeInteger(item))
    ? (numbers as number[])
    : undefined
}

async function numbersOf(file: PickledFile, { dtype, data }: NumpyArray): Promise<(number | bigint)[]> {
  try {
    return [...numpyValues(dtype, await file.bytes(data))]
  } catch (error) {
    if (!(error instanceof PickleError)) throw error
    throw unexpected(file, error.message)
  }
}

/** Texts of a list; undefined where it is none. */
export function textsOf(value: PickleValue | undefined): string[] | undefined {
  const texts = Array.isArray(value) ? value.map(pickleText) : undefined
  return texts?.every((text) => text !== undefined) ? texts : undefined
}

/** The one line for a pickle that is not as those of its data set. */
export function unexpected({ name }: PickledFile, what: string): InputError {
  return new InputError(`${name}: ${what}; fetch it again`)
}

/** Longer than names of types and classes, shorter than pictures. */
const shortestLeft = 256

/** In bytes: tieredImageNet's training split is a list of 448,695 arrays, in a file of gigabytes. */
const largestValues = 2 ** 30
const fewestValues = 2 ** 27

const windowBytes = 1 << 13

/** A source of which a window is in memory: between arrays lie a few hundred bytes. */
function windowOn(source: ByteSource): PickleSource {
  let window: Buffer = Buffer.alloc(0)
  let start = 0
  return {
    size: source.size,
    inMemory: false,
    bytes: (offset, length) => Buffer.from(source.readNow(offset, length)),
    view(offset, length) {
      if (offset < start || offset + length > start + window.length) {
        window = source.readNow(offset, Math.max(length, Math.min(windowBytes, source.size - offset)))
        start = offset
      }
      return window.subarray(offset - start, offset - start + length)
    },
  }
}
