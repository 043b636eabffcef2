import { tf } from '@m2l/engine'
import type { StoredTensor } from '@m2l/nn'

/** The values of a generated tensor are uniform in [shift - scale, shift + scale). */
export interface Spread {
  /** 1 unless told. */
  readonly scale?: number
  /** 0 unless told. */
  readonly shift?: number
}

/**
 * By how much of its size an input is moved at most. Two right programs differ in the results of an encoder
 * by a few millionths, since convolutions sum hundreds of rounded products; this moves them by several times
 * that, so that what rounding may decide either way is decided both ways within a few runs.
 */
const disturbance = 2 ** -18

/**
 * The inputs of parity cases, a function of the folder's salt and the tensor's name: FNV-1a 32 of
 * `<salt>/<name>` seeds a linear congruential generator, whose numbers fill the tensor in row-major order of
 * PyTorch's shape.
 *
 * Run 0 has exactly these values. In any other run each of them is multiplied by a factor of its own within 1
 * ± 2^-18, drawn from the same generator, so that it is the same but for rounding.
 */
export class GeneratedInputs {
  readonly salt: string
  readonly run: number

  constructor(salt: string, run = 0) {
    this.salt = salt
    this.run = run
  }

  values(name: string, count: number, { scale = 1, shift = 0 }: Spread = {}): Float32Array {
    const draw = uniform(`${this.salt}/${name}`)
    const values = new Float32Array(count)
    if (this.run === 0) {
      for (let index = 0; index < count; index++) values[index] = draw() * scale + shift
      return values
    }
    const disturb = uniform(`${this.salt}/${name}/${this.run}`)
    for (let index = 0; index < count; index++) {
      values[index] = Math.fround(draw() * scale + shift) * (1 + disturb() * disturbance)
    }
    return values
  }

  /** A tensor as a file in PyTorch's layout would hold it. */
  stored(name: string, shape: readonly number[], spread?: Spread): StoredTensor {
    const count = shape.reduce((product, side) => product * side, 1)
    return { shape, data: this.values(name, count, spread) }
  }

  tensor<Shape extends tf.Tensor>(name: string, shape: readonly number[], spread?: Spread): Shape {
    return tf.tensor(this.stored(name, shape, spread).data as Float32Array, [...shape]) as Shape
  }

  /**
   * Images or feature maps.
   *
   * @param shape in PyTorch's order, [n, channels, height, width]
   * @returns [n, height, width, channels]
   */
  maps(name: string, shape: readonly [number, number, number, number], spread?: Spread): tf.Tensor4D {
    return tf.tidy(() => tf.transpose(this.tensor<tf.Tensor4D>(name, shape, spread), [0, 2, 3, 1]))
  }
}

/** Numbers in [-1, 1). */
function uniform(name: string): () => number {
  let seed = 0x811c9dc5
  for (const byte of new TextEncoder().encode(name)) seed = Math.imul(seed ^ byte, 0x01000193) >>> 0
  return () => {
    seed = (Math.imul(1664525, seed) + 1013904223) >>> 0
    return (seed / 2 ** 32) * 2 - 1
  }
}
