/** The arrays that tensors are read into and written from. */
export type StoredValues = Float32Array | Int32Array | Uint8Array | BigInt64Array

/** An element type of the format. */
interface ElementType {
  readonly bytes: number
  /** The values of little-endian bytes. */
  read(bytes: Uint8Array): StoredValues
}

/** The element types that are read; the written ones are those of `typeOf`. */
export const elementTypes: Readonly<Record<string, ElementType>> = {
  F32: { bytes: 4, read: (bytes) => viewed(Float32Array, bytes) },
  I32: { bytes: 4, read: (bytes) => viewed(Int32Array, bytes) },
  U8: { bytes: 1, read: (bytes) => viewed(Uint8Array, bytes) },
  I64: { bytes: 8, read: (bytes) => viewed(BigInt64Array, bytes) },
  BOOL: { bytes: 1, read: (bytes) => viewed(Uint8Array, bytes) },
  F64: { bytes: 8, read: (bytes) => Float32Array.from(viewed(Float64Array, bytes)) },
  F16: { bytes: 2, read: (bytes) => Float32Array.from(viewed(Uint16Array, bytes), halfPrecision) },
  BF16: { bytes: 2, read: (bytes) => bfloat16(viewed(Uint16Array, bytes)) },
  I16: { bytes: 2, read: (bytes) => Int32Array.from(viewed(Int16Array, bytes)) },
  U16: { bytes: 2, read: (bytes) => Int32Array.from(viewed(Uint16Array, bytes)) },
  I8: { bytes: 1, read: (bytes) => Int32Array.from(viewed(Int8Array, bytes)) },
}

/** The element type that values are written as. */
export function typeOf(values: StoredValues): 'F32' | 'I32' | 'U8' | 'I64' {
  if (values instanceof Float32Array) return 'F32'
  if (values instanceof Int32Array) return 'I32'
  return values instanceof Uint8Array ? 'U8' : 'I64'
}

interface TypedArrayConstructor<Values> {
  readonly BYTES_PER_ELEMENT: number
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): Values
}

/** The bytes as an array of another type: a view, or a copy where they are not aligned for it. */
function viewed<Values>(type: TypedArrayConstructor<Values>, bytes: Uint8Array): Values {
  const aligned = bytes.byteOffset % type.BYTES_PER_ELEMENT === 0 ? bytes : new Uint8Array(bytes)
  return new type(aligned.buffer, aligned.byteOffset, aligned.byteLength / type.BYTES_PER_ELEMENT)
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
