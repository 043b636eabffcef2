import type { RandomGenerator } from '@m2l/engine'

/** Inputs grow no longer than this, so that many are read in a second. */
const longest = 1 << 16

/**
 * Changes bytes as damage and malice do: in one to eight steps out of flipped bits, other bytes, bytes cut
 * out, doubled, moved or put in, numbers of one to eight bytes replaced by those at which sizes overflow,
 * digits of texts replaced, the end cut off, and words of the formats that are read here.
 */
export function mutate(bytes: Buffer, random: RandomGenerator): Buffer {
  let changed: Buffer = Buffer.from(bytes)
  const steps = 1 + Math.floor(8 * random.uniform() ** 3)
  for (let step = 0; step < steps; step++)
    changed = mutations[random.integer(mutations.length)]!(changed, random)
  return changed.subarray(0, longest)
}

type Mutation = (bytes: Buffer, random: RandomGenerator) => Buffer

const mutations: readonly Mutation[] = [
  flipBit,
  flipBit,
  setByte,
  setByte,
  setNumber,
  setNumber,
  setNumber,
  setDigits,
  setDigits,
  cutOut,
  doubleUp,
  moveWithin,
  putIn,
  cutOff,
  repeat,
]

function flipBit(bytes: Buffer, random: RandomGenerator): Buffer {
  if (bytes.length > 0) bytes[random.integer(bytes.length)]! ^= 1 << random.integer(8)
  return bytes
}

function setByte(bytes: Buffer, random: RandomGenerator): Buffer {
  if (bytes.length > 0) bytes[random.integer(bytes.length)] = random.integer(256)
  return bytes
}

const numbers: readonly bigint[] = [
  0n, 1n, 2n, 3n, 7n, 127n, 128n, 255n, 256n, 1000n, 32767n, 32768n, 65535n, 65536n, 9000n, 0xffffn << 8n,
  (1n << 24n) - 1n, 1n << 28n, (1n << 31n) - 1n, 1n << 31n, (1n << 32n) - 1n, 1n << 32n, 1n << 40n,
  (1n << 53n) - 1n, 1n << 53n, (1n << 63n) - 1n, 1n << 63n, (1n << 64n) - 1n,
] // prettier-ignore

/** A field of 1, 2, 4 or 8 bytes in either order, where sizes, counts and offsets may be. */
function setNumber(bytes: Buffer, random: RandomGenerator): Buffer {
  const width = 1 << random.integer(4)
  if (bytes.length < width) return bytes
  const at = random.integer(bytes.length - width + 1)
  const mask = (1n << BigInt(8 * width)) - 1n
  const isLittle = random.integer(2) === 0
  const old =
    width === 8
      ? 0n
      : BigInt(isLittle ? bytes.readUIntLE(at, Math.min(width, 4)) : bytes.readUIntBE(at, Math.min(width, 4)))
  const near = random.integer(3) === 0
  let value = (near ? old + BigInt(random.integer(33) - 16) : numbers[random.integer(numbers.length)]!) & mask
  for (let index = 0; index < width; index++, value >>= 8n) {
    bytes[isLittle ? at + index : at + width - 1 - index] = Number(value & 255n)
  }
  return bytes
}

const digits: readonly string[] = [
  '0', '-1', '1', '2', '9', '16', '255', '65536', '2147483648', '4294967295', '9007199254740991', '9007199254740992',
  '1e9', '1e308', '1e999', '-0', '0.5', 'null', '[]', '{}', '""', 'true', '99999999999999999999999', 'NaN',
] // prettier-ignore

/** A number that is written in digits. */
function setDigits(bytes: Buffer, random: RandomGenerator): Buffer {
  const from = random.integer(bytes.length + 1)
  const start = bytes.findIndex((byte, at) => at >= from && byte >= 0x30 && byte <= 0x39)
  if (start < 0) return bytes
  let end = start + 1
  while (end < bytes.length && bytes[end]! >= 0x30 && bytes[end]! <= 0x39) end++
  const put = Buffer.from(digits[random.integer(digits.length)]!)
  return Buffer.concat([bytes.subarray(0, start), put, bytes.subarray(end)])
}

function stretch(bytes: Buffer, random: RandomGenerator): [start: number, end: number] {
  const start = random.integer(bytes.length + 1)
  const length = Math.floor(Math.min(bytes.length - start, 1 + 512 * random.uniform() ** 4))
  return [start, start + length]
}

function cutOut(bytes: Buffer, random: RandomGenerator): Buffer {
  const [start, end] = stretch(bytes, random)
  return Buffer.concat([bytes.subarray(0, start), bytes.subarray(end)])
}

function doubleUp(bytes: Buffer, random: RandomGenerator): Buffer {
  const [start, end] = stretch(bytes, random)
  return Buffer.concat([bytes.subarray(0, end), bytes.subarray(start)])
}

function moveWithin(bytes: Buffer, random: RandomGenerator): Buffer {
  const [start, end] = stretch(bytes, random)
  const to = random.integer(bytes.length + 1)
  return Buffer.concat([bytes.subarray(0, to), bytes.subarray(start, end), bytes.subarray(to)])
}

const words: readonly (string | Buffer)[] = [
  '{', '}', '[', ']', '"', ',', ':', '\n', '- ', '&a ', '*a', '<<: *a', '!!js/function ', '__proto__', 'constructor', 'toString',
  '../', '/', '\\', '\0', 'null', 'module.', '(', ')', 't', '.', 'R', '\x85', 'h\0', 'q\0', ']', '}', 'cos\nsystem\n', '\ufeff',
  '\u2028', '\x1b[31m', Buffer.from([0xff, 0xfe]), Buffer.from([0xc3]), Buffer.alloc(64), Buffer.alloc(512), '[['.repeat(60),
  'PK\x01\x02', 'PK\x03\x04', 'PK\x05\x06', '\x89PNG', 'IDAT', 'é', 'e\u0301',
] // prettier-ignore

function putIn(bytes: Buffer, random: RandomGenerator): Buffer {
  const word = words[random.integer(words.length)]!
  const put = typeof word === 'string' ? Buffer.from(word) : word
  const at = random.integer(bytes.length + 1)
  return Buffer.concat([
    bytes.subarray(0, at),
    put,
    bytes.subarray(random.integer(2) === 0 ? at : at + put.length),
  ])
}

function cutOff(bytes: Buffer, random: RandomGenerator): Buffer {
  return random.integer(4) === 0 ? bytes.subarray(0, random.integer(bytes.length + 1)) : bytes
}

/** The same stretch again and again: entries by the thousand, brackets in brackets. */
function repeat(bytes: Buffer, random: RandomGenerator): Buffer {
  if (random.integer(8) > 0) return bytes
  const [start, end] = stretch(bytes, random)
  const some = bytes.subarray(start, Math.min(end, start + 24))
  const times = Math.floor(1 << random.integer(14))
  const many = Buffer.alloc(Math.min(some.length * times, longest), some)
  return Buffer.concat([bytes.subarray(0, start), many, bytes.subarray(start)])
}
