import { count } from '@m2l/engine'
/** The arrays that tensors are read into and written from. */
export type StoredValues = Float32Array | Int32Array | Uint8Array | BigInt64Array

/** A tensor outside TensorFlow: row-major values and their shape. */
export interface StoredTensor {
  readonly shape: readonly number[]
  readonly data: StoredValues
  /** The element type in the file that it was read from, as PyTorch calls it, for example `float16`. */
  readonly dtype?: string
}

/** An element type of files. */
export interface ElementType {
  /** PyTorch's name. */
  readonly name: string
  readonly bytes: number
  /** What an element takes in memory. */
  readonly bytesInMemory: number
  /** The values of little-endian bytes; a view of them where type and alignment allow. */
  read(bytes: Uint8Array): StoredValues
}

/** The element types that are read, by their names in safetensors; the written ones are those of `typeOf`. */
export const elementTypes = {
  F32: type('float32', 4, 4, (bytes) => viewed(Float32Array, bytes)),
  I32: type('int32', 4, 4, (bytes) => viewed(Int32Array, bytes)),
  U8: type('uint8', 1, 1, (bytes) => viewed(Uint8Array, bytes)),
  I64: type('int64', 8, 8, (bytes) => viewed(BigInt64Array, bytes)),
  BOOL: type('bool', 1, 1, (bytes) => viewed(Uint8Array, bytes)),
  F64: type('float64', 8, 4, (bytes) => Float32Array.from(viewed(Float64Array, bytes))),
  F16: type('float16', 2, 4, (bytes) => Float32Array.from(viewed(Uint16Array, bytes), halfPrecision)),
  BF16: type('bfloat16', 2, 4, (bytes) => bfloat16(viewed(Uint16Array, bytes))),
  I16: type('int16', 2, 4, (bytes) => Int32Array.from(viewed(Int16Array, bytes))),
  U16: type('uint16', 2, 4, (bytes) => Int32Array.from(viewed(Uint16Array, bytes))),
  I8: type('int8', 1, 4, (bytes) => Int32Array.from(viewed(Int8Array, bytes))),
} as const satisfies Readonly<Record<string, ElementType>>

/** A name of an element type in safetensors. */
export type ElementTypeName = keyof typeof elementTypes

/** The element type that values are written as. */
export function typeOf(values: StoredValues): 'F32' | 'I32' | 'U8' | 'I64' {
  if (values instanceof Float32Array) return 'F32'
  if (values instanceof Int32Array) return 'I32'
  return values instanceof Uint8Array ? 'U8' : 'I64'
}

/** The number of elements of a shape. */
export function elementsOf(shape: readonly number[]): number {
  return shape.reduce((product, side) => product * side, 1)
}

/** @throws {RangeError} when a tensor's values do not fill its shape */
export function checkFilled(name: string, { shape, data }: StoredTensor): void {
  if (elementsOf(shape) !== data.length) {
    throw new RangeError(`${name} has ${count(data.length, 'value')}, but its shape is [${shape}]`)
  }
}

interface TypedArrayConstructor<Values> {
  readonly BYTES_PER_ELEMENT: number
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): Values
}

/** The bytes as an array of another type: a view, or a copy where they are not aligned for it. */
export function viewed<Values>(array: TypedArrayConstructor<Values>, bytes: Uint8Array): Values {
  const aligned = bytes.byteOffset % array.BYTES_PER_ELEMENT === 0 ? bytes : new Uint8Array(bytes)
  return new array(aligned.buffer, aligned.byteOffset, aligned.byteLength / array.BYTES_PER_ELEMENT)
}

function type(name: string, bytes: number, bytesInMemory: number, read: ElementType['read']): ElementType {
  return { name, bytes, bytesInMemory, read }
}

function bfloat16(halves: Uint16Array): Float32Array {
  return new Float32Array(Uint32Array.from(halves, (half) => half << 16).buffer)
}

/** IEEE 754 binary16. */
function halfPrecision(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 0x1f
  const fraction = bits & 0x3ff
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}
