import { PickleError } from './pickle-error.js'

/** Numbers of a numpy array. */
export type NumpyValues =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | BigUint64Array
  | BigInt64Array
  | Float32Array
  | Float64Array

/** By the kind and size of numpy's types; truth values are 0 and 1. */
const arrays: Readonly<
  Record<string, { new (buffer: ArrayBuffer): NumpyValues; BYTES_PER_ELEMENT: number }>
> = {
  b1: Uint8Array,
  u1: Uint8Array,
  i1: Int8Array,
  u2: Uint16Array,
  i2: Int16Array,
  u4: Uint32Array,
  i4: Int32Array,
  u8: BigUint64Array,
  i8: BigInt64Array,
  f4: Float32Array,
  f8: Float64Array,
}

/**
 * The numbers that bytes of a numpy type stand for.
 *
 * @param dtype such as `|u1` or `<f4`
 * @throws PickleError when it is a type of something else than numbers of Python's width
 */
export function numpyValues(dtype: string, bytes: Uint8Array): NumpyValues {
  const kind = dtype.slice(1)
  const array = Object.hasOwn(arrays, kind) ? arrays[kind] : undefined
  if (!array || bytes.length % array.BYTES_PER_ELEMENT !== 0) {
    throw new PickleError(`its numpy array of type ${dtype} is not one of numbers`)
  }
  const copy = Buffer.from(Uint8Array.from(bytes).buffer)
  if (dtype.startsWith('>')) swap(copy, array.BYTES_PER_ELEMENT)
  return new array(copy.buffer as ArrayBuffer)
}

function swap(bytes: Buffer, width: number): void {
  if (width === 2) bytes.swap16()
  else if (width === 4) bytes.swap32()
  else if (width === 8) bytes.swap64()
}
