import { constants } from 'node:buffer'
import { costs, type MemoryBudget } from './memory-budget.js'
import { PickleError } from './pickle-error.js'
import type { PickleSource } from './pickle-source.js'
import { ByteRange, type PickleBytes, utf8Text } from './pickle-value.js'

/**
 * The arguments of a pickle's instructions, one after the other; every size is checked against the source.
 */
export class PickleInput {
  readonly #source: PickleSource
  readonly #budget: MemoryBudget
  readonly #leaveBytesFrom: number
  #at: number

  /** @param leaveBytesFrom byte strings of at least this length are left in the source */
  constructor(source: PickleSource, start: number, budget: MemoryBudget, leaveBytesFrom: number) {
    this.#source = source
    this.#at = start
    this.#budget = budget
    this.#leaveBytesFrom = leaveBytesFrom
  }

  /** The offset of the next byte. */
  get at(): number {
    return this.#at
  }

  byte(): number {
    return this.#view(1)[0]!
  }

  /** A little-endian number. */
  unsigned(size: 1 | 2 | 4): number {
    return this.#view(size).readUIntLE(0, size)
  }

  signed(): number {
    return this.#view(4).readInt32LE()
  }

  size64(): number {
    return Number(this.#view(8).readBigUInt64LE())
  }

  /** A big-endian one. */
  double(): number {
    return this.#view(8).readDoubleBE()
  }

  skip(length: number): void {
    this.#advance(length)
  }

  /** Little-endian two's complement of any length up to {@link longestNumber} bytes. */
  integer(length: number): number | bigint {
    if (length > longestNumber) throw new PickleError(`it holds a number of ${length} bytes`)
    if (length === 0) return 0
    if (length <= 6) return this.#view(length).readIntLE(0, length)
    this.#budget.charge(costs.text + length)
    const digits = Buffer.from(this.#view(length)).reverse().toString('hex')
    return narrowed(BigInt.asIntN(8 * length, BigInt(`0x${digits}`)))
  }

  text(length: number): string {
    const start = this.#advance(length)
    if (length > constants.MAX_STRING_LENGTH) throw new PickleError(`it holds a text of ${length} bytes`)
    this.#budget.charge(costs.text + 3 * length)
    const text = utf8Text(this.#source.view(start, length))
    if (text === undefined) throw new PickleError('it holds a text that is not UTF-8')
    return text
  }

  bytes(length: number): PickleBytes {
    const start = this.#advance(length)
    if (length >= this.#leaveBytesFrom) {
      this.#budget.charge(costs.bytes)
      return new ByteRange(start, length)
    }
    this.#budget.charge(costs.bytes + (this.#source.inMemory ? 0 : length))
    return this.#source.bytes(start, length)
  }

  /** A line without its end, valid until the next instruction. */
  line(): Buffer {
    const end = this.#endOfLine()
    const length = end - this.#at
    this.#budget.charge(costs.bytes + 2 * length)
    const line = this.#source.view(this.#at, length)
    this.#at = end + 1
    return line
  }

  /** A line of a name or a number. */
  shortLine(): string {
    const line = this.line()
    if (line.length > longestNumber)
      throw new PickleError(`it holds a name or number of ${line.length} characters`)
    return line.toString('latin1')
  }

  #endOfLine(): number {
    for (let from = this.#at; from < this.#source.size; from += lineStride) {
      const length = Math.min(lineStride, this.#source.size - from)
      const found = this.#source.view(from, length).indexOf(0x0a)
      if (found >= 0) return from + found
    }
    throw cutOff()
  }

  #view(length: number): Buffer {
    return this.#source.view(this.#advance(length), length)
  }

  #advance(length: number): number {
    const start = this.#at
    if (length > this.#source.size - start) throw cutOff()
    this.#at += length
    return start
  }
}

/** In bytes; PyTorch's magic number takes ten. */
const longestNumber = 1024

const lineStride = 1 << 12

function cutOff(): PickleError {
  return new PickleError('it is cut off')
}

/** A number where it is one exactly. */
export function narrowed(value: bigint): number | bigint {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}
