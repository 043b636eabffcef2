import type { Numbers } from './numbers.js'

/** How far a tensor is from what is expected of it. */
export interface Difference {
  /** The largest absolute difference of an element. */
  readonly maxAbs: number
  /** The mean absolute difference of the elements. */
  readonly meanAbs: number
  /** `maxAbs` as a share of the largest absolute value expected. */
  readonly maxRel: number
}

/**
 * What several runs say of each element of a tensor: a lower and an upper bound.
 *
 * The derivative of a rectifier jumps where its input is zero, that of a maximum where two values tie. Single
 * precision computes such an input up to rounding, so that two right programs may stand on different sides of
 * the jump, and their results differ by all of it, however small the tolerance. Runs on inputs that are the
 * same but for rounding show both sides; a number that lies between what they give is right.
 */
export class Bounds {
  readonly #shape: readonly number[]
  readonly #lower: Float64Array
  readonly #upper: Float64Array

  constructor({ shape, data }: Numbers) {
    this.#shape = shape
    this.#lower = Float64Array.from(data)
    this.#upper = Float64Array.from(data)
  }

  /** Takes in another run's numbers. */
  widen({ data }: Numbers): void {
    for (let index = 0; index < data.length; index++) {
      // Both keep NaN, wherever it comes from.
      this.#lower[index] = Math.min(this.#lower[index]!, data[index]!)
      this.#upper[index] = Math.max(this.#upper[index]!, data[index]!)
    }
  }

  /**
   * How far the expected numbers lie outside the bounds; infinitely far where the shapes differ or a number
   * is none.
   */
  differenceTo({ shape, data }: Numbers): Difference {
    if (String(shape) !== String(this.#shape)) return apart
    let [sum, maxAbs, largest] = [0, 0, 0]
    for (let index = 0; index < data.length; index++) {
      const expected = data[index]!
      const [lower, upper] = [this.#lower[index]!, this.#upper[index]!]
      const margin = (upper - lower) / 2
      const outside = Math.max(0, lower - margin - expected, expected - upper - margin)
      if (!Number.isFinite(outside)) return apart
      sum += outside
      maxAbs = Math.max(maxAbs, outside)
      largest = Math.max(largest, Math.abs(expected))
    }
    const maxRel = maxAbs === 0 ? 0 : maxAbs / largest
    return { maxAbs, meanAbs: sum / Math.max(1, data.length), maxRel }
  }
}

const apart: Difference = { maxAbs: Infinity, meanAbs: Infinity, maxRel: Infinity }
