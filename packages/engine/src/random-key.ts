import { sha256 } from '#sha256'
import { Philox } from './philox.js'

/**
 * An explicit source of randomness: a seed and a path of purposes.
 *
 * A key is a value. It never changes, two keys with the same seed and path are the same everywhere and
 * always, and `fold` makes an independent key for a purpose or a step. So a resumed run draws what the
 * uninterrupted one would.
 *
 * ```ts
 * const key = randomKey(1)
 * const flips = key.fold('flip', step)
 * flips.generator().uniform()
 * ```
 */
export class RandomKey {
  /** Two 32-bit signed integers, the seed of TensorFlow's stateless operations. */
  readonly seed: readonly [number, number]

  constructor(seed: readonly [number, number]) {
    this.seed = seed
  }

  /** The key for a purpose below this one, for example `key.fold('episode', 17)`. */
  fold(...path: readonly (string | number)[]): RandomKey {
    const digest = sha256(new TextEncoder().encode(JSON.stringify([this.seed, path])))
    return new RandomKey([littleEndian(digest.slice(0, 8)), littleEndian(digest.slice(8, 16))])
  }

  /** A new stream of numbers in JavaScript; each call starts the same stream again. */
  generator(): RandomGenerator {
    return new RandomGenerator(new Philox(this.seed))
  }
}

/** A stream of random numbers in JavaScript, made by `RandomKey.generator`. */
export class RandomGenerator {
  readonly #philox: Philox

  constructor(philox: Philox) {
    this.#philox = philox
  }

  /** A number in [0, 1) with 53 random bits. */
  uniform(): number {
    const high = this.#philox.nextUint32() >>> 5
    const low = this.#philox.nextUint32() >>> 6
    return (high * 0x4000000 + low) / 0x20000000000000
  }

  /** A uniformly drawn integer in [0, limit). */
  integer(limit: number): number {
    return Math.floor(this.uniform() * limit)
  }

  /** `count` different items in random order (a partial Fisher-Yates shuffle of a copy). */
  sample<Item>(items: readonly Item[], count: number): Item[] {
    if (count > items.length) throw new RangeError(`cannot draw ${count} of ${items.length} items`)
    const pool = [...items]
    for (let index = 0; index < count; index++) {
      const other = index + this.integer(pool.length - index)
      ;[pool[index], pool[other]] = [pool[other]!, pool[index]!]
    }
    return pool.slice(0, count)
  }

  /** All items in random order. */
  shuffle<Item>(items: readonly Item[]): Item[] {
    return this.sample(items, items.length)
  }
}

/** The root key of a seed (any safe integer). */
export function randomKey(seed: number): RandomKey {
  return new RandomKey([seed | 0, Math.floor(seed / 0x100000000) | 0])
}

/** The signed integer of four bytes, the lowest first, given as eight hexadecimal digits. */
function littleEndian(digits: string): number {
  const bigEndian = Number.parseInt(digits, 16)
  return (bigEndian << 24) | ((bigEndian & 0xff00) << 8) | ((bigEndian >>> 8) & 0xff00) | (bigEndian >>> 24)
}
