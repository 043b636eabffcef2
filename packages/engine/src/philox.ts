/**
 * Philox4x32-10, a counter-based random number generator (Salmon et al., "Parallel Random Numbers: As Easy as
 * 1, 2, 3", SC 2011), seeded as TensorFlow's stateless operations seed it, so that the numbers drawn in
 * JavaScript are those that `StatelessRandomUniform` draws natively.
 */
export class Philox {
  readonly #key: readonly [number, number]
  readonly #counterHigh: readonly [number, number]
  #counter = 0
  #block: readonly number[] = []
  #next = 4

  /** @param seed two 32-bit integers. */
  constructor(seed: readonly [number, number]) {
    // TensorFlow widens each int32 seed to 64 bits with its sign.
    const mixed = block([seed[0], seed[0] >> 31, seed[1], seed[1] >> 31], [0x3ec8f720, 0x02461e29])
    this.#key = [mixed[0], mixed[1]]
    this.#counterHigh = [mixed[2], mixed[3]]
  }

  /** The next number of the stream: an integer in [0, 2^32). */
  nextUint32(): number {
    if (this.#next === 4) {
      const low = this.#counter % 0x100000000
      const high = Math.floor(this.#counter / 0x100000000)
      this.#block = block([low, high, ...this.#counterHigh], this.#key)
      this.#counter++
      this.#next = 0
    }
    return this.#block[this.#next++]! >>> 0
  }

  /** The next number of the stream as TensorFlow makes a float of it: 23 random bits, in [0, 1). */
  nextFloat32(): number {
    return (this.nextUint32() & 0x7fffff) / 0x800000
  }
}

type Words = readonly [number, number, number, number]

function block(counter: Words, key: readonly [number, number]): Words {
  let [c0, c1, c2, c3] = counter
  let [k0, k1] = key
  for (let round = 0; round < 10; round++) {
    const high0 = multiplyHigh(0xd2511f53, c0)
    const low0 = Math.imul(0xd2511f53, c0)
    const high1 = multiplyHigh(0xcd9e8d57, c2)
    const low1 = Math.imul(0xcd9e8d57, c2)
    ;[c0, c1, c2, c3] = [high1 ^ c1 ^ k0, low1, high0 ^ c3 ^ k1, low0]
    k0 = (k0 + 0x9e3779b9) | 0
    k1 = (k1 + 0xbb67ae85) | 0
  }
  return [c0, c1, c2, c3]
}

/** The upper 32 bits of the 64-bit product of two unsigned 32-bit integers. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff
  const aHigh = a >>> 16
  const bLow = b & 0xffff
  const bHigh = b >>> 16
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16)
  const carry = (middle % 0x10000) + aLow * bHigh
  return (aHigh * bHigh + Math.floor(middle / 0x10000) + Math.floor(carry / 0x10000)) | 0
}
