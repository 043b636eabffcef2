import { InputError } from '@m2l/engine'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeSafetensors, encodeSafetensors, type StoredTensor } from '../index.js'

/** A file of the given header and data, written without the encoder. */
function file(header: unknown, data: Uint8Array = new Uint8Array()): Buffer {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(text.length))
  return Buffer.concat([length, text, data])
}

function bytesOf(values: ArrayBufferView): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
}

/** What it returns, or the input error that it throws. */
function attempt<Result>(compute: () => Result): Result | InputError {
  try {
    return compute()
  } catch (error) {
    if (error instanceof InputError) return error
    throw error
  }
}

const sides = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 })
const tensor = fc
  .tuple(sides, fc.constantFrom('F32', 'I32', 'U8', 'I64'), fc.nat())
  .map(([shape, type, seed]) => {
    const count = shape.reduce((product, side) => product * side, 1)
    const numbers = Array.from({ length: count }, (_, index) => (seed + index * 7919) % 251)
    const dtype = { F32: 'float32', I32: 'int32', U8: 'uint8', I64: 'int64' }[type]
    const data = {
      F32: () => Float32Array.from(numbers, (value) => value / 7),
      I32: () => Int32Array.from(numbers, (value) => value - 100),
      U8: () => Uint8Array.from(numbers),
      I64: () => BigInt64Array.from(numbers, BigInt),
    }[type]()
    return { dtype, shape, data } satisfies StoredTensor
  })
const names = fc.string({ minLength: 1 }).filter((name) => name !== '__metadata__')
const contents = fc.record({
  tensors: fc.dictionary(names, tensor, { maxKeys: 6 }),
  metadata: fc.dictionary(
    fc.string().filter((key) => key !== 'sha256'),
    fc.string(),
  ),
})

describe('safetensors', () => {
  it('reads what it wrote, whatever the mixture of types, shapes and names', () => {
    fc.assert(
      fc.property(contents, ({ tensors, metadata }) => {
        const read = decodeSafetensors(encodeSafetensors({ tensors, metadata }), 'x')
        expect(new Map(Object.entries(read.tensors))).toEqual(new Map(Object.entries(tensors)))
        expect(new Map(Object.entries(read.metadata))).toEqual(new Map(Object.entries(metadata)))
      }),
    )
  })

  it('keeps names that mean something to JavaScript', () => {
    const tensors = Object.fromEntries(
      ['__proto__', 'toString', 'constructor', ''].map((name) => [
        name,
        { dtype: 'int32', shape: [1], data: Int32Array.of(name.length) },
      ]),
    )
    const read = decodeSafetensors(encodeSafetensors({ tensors, metadata: {} }), 'x')
    expect(Object.entries(read.tensors)).toEqual(Object.entries(tensors))
  })

  it('answers every damage of one byte or more with an input error or the same content', () => {
    const whole = encodeSafetensors({
      tensors: { weight: { shape: [3], data: Float32Array.of(1, 2, 3) } },
      metadata: { epoch: '7' },
    })
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), (position, change) => {
        const damaged = Uint8Array.from(whole)
        damaged[position]! ^= change
        const read = attempt(() => decodeSafetensors(damaged, 'damaged.safetensors'))
        const bytes =
          read instanceof InputError ? [] : Object.values(read.tensors).map(({ data }) => bytesOf(data))
        for (const found of bytes) expect(Uint8Array.from(found)).toEqual(whole.subarray(-12))
      }),
    )
    for (let length = 0; length < whole.length; length++) {
      expect(() => decodeSafetensors(whole.subarray(0, length), 'cut.safetensors')).toThrow(InputError)
    }
  })

  it.each([
    [
      'F16',
      Uint16Array.of(0x3c00, 0xc000, 0x0001, 0x7bff, 0x7c00, 0x8000),
      [1, -2, 2 ** -24, 65504, Infinity, -0],
    ],
    ['BF16', Uint16Array.of(0x3f80, 0xc000, 0x4049), [1, -2, 3.140625]],
    ['F64', Float64Array.of(0.5, -3), [0.5, -3]],
    ['I16', Int16Array.of(-5, 300), [-5, 300]],
    ['U16', Uint16Array.of(5, 65535), [5, 65535]],
    ['I8', Int8Array.of(-5, 100), [-5, 100]],
    ['BOOL', Uint8Array.of(0, 1), [0, 1]],
  ])('reads %s', (dtype, values, expected) => {
    const bytes = bytesOf(values)
    const header = { value: { dtype, shape: [values.length], data_offsets: [0, bytes.length] } }
    const { data } = decodeSafetensors(file(header, bytes), 'x').tensors.value!
    expect(Array.from<number | bigint>(data)).toEqual(expected)
  })

  it('reads tensors that are not aligned', () => {
    const bytes = Buffer.concat([Buffer.of(9), bytesOf(Float32Array.of(1, 2))])
    const header = {
      first: { dtype: 'U8', shape: [], data_offsets: [0, 1] },
      second: { dtype: 'F32', shape: [2], data_offsets: [1, 9] },
    }
    const { tensors } = decodeSafetensors(file(header, bytes), 'x')
    expect(tensors.second).toEqual({ dtype: 'float32', shape: [2], data: Float32Array.of(1, 2) })
  })

  const entry = (changes: object) => ({ dtype: 'U8', shape: [2], data_offsets: [0, 2], ...changes })
  it.each([
    ['fewer than the header', Buffer.alloc(3)],
    ['announces a header of', Buffer.from([255, 255, 255, 255, 255, 255, 255, 255, 1])],
    ['its header is not JSON', file('{')],
    ['its header is not a JSON object', file([])],
    ['its __metadata__ is not a JSON object', file({ __metadata__: 'epoch 7' })],
    ['its metadata "epoch" is not a text', file({ __metadata__: { epoch: 7 } })],
    ['tensor a has the unsupported type "C64"', file({ a: entry({ dtype: 'C64' }) }, Buffer.alloc(2))],
    [
      'tensor a has the unsupported type "toString"',
      file({ a: entry({ dtype: 'toString' }) }, Buffer.alloc(2)),
    ],
    ['tensor a has the unsupported type undefined', file({ a: null })],
    ['tensor a has the impossible shape [-1]', file({ a: entry({ shape: [-1] }) }, Buffer.alloc(2))],
    [
      'tensor a has the impossible offsets [2,0]',
      file({ a: entry({ data_offsets: [2, 0] }) }, Buffer.alloc(2)),
    ],
    ['tensor a has the impossible offsets [0]', file({ a: entry({ data_offsets: [0] }) }, Buffer.alloc(2))],
    [
      'tensor a has the impossible shape ',
      file(
        `{"a":{"dtype":"U8","shape":${'['.repeat(50_000)}${']'.repeat(50_000)},"data_offsets":[0,2]}}`,
        Buffer.alloc(2),
      ),
    ],
    ['does not fill bytes 0 to 2', file({ a: entry({ shape: [9e15, 9e15] }) }, Buffer.alloc(2))],
    [
      'tensor b starts at byte 1, but the one before ends at 2',
      file({ a: entry({}), b: entry({ data_offsets: [1, 3] }) }, Buffer.alloc(3)),
    ],
    [
      'tensor b starts at byte 3, but the one before ends at 2',
      file({ a: entry({}), b: entry({ data_offsets: [3, 5] }) }, Buffer.alloc(5)),
    ],
    ['its tensors take 2 bytes, but 5 follow the header', file({ a: entry({}) }, Buffer.alloc(5))],
    ['its tensors take 2 bytes, but 1 follow the header', file({ a: entry({}) }, Buffer.alloc(1))],
    [
      'its tensors do not match their checksum',
      file({ __metadata__: { sha256: 'f'.repeat(64) }, a: entry({}) }, Buffer.alloc(2)),
    ],
  ])('%s', (problem, bytes) => {
    const result = attempt(() => decodeSafetensors(bytes, 'models/best.safetensors'))
    const message = result instanceof InputError ? result.message : 'read without an error'
    expect(message).toContain(problem)
    expect(message.length).toBeLessThan(600)
    expect(message).toMatch(
      /^models\/best\.safetensors: not a valid safetensors file: [^\n]+; save or copy it again$/,
    )
  })

  it('refuses to write values that do not fill their shape', () => {
    const tensors = { a: { shape: [3], data: Float32Array.of(1) } }
    expect(() => encodeSafetensors({ tensors, metadata: {} })).toThrow('a has 1 value, but its shape is [3]')
  })
})
