import { tf } from '@m2l/engine'

/** Mean and standard deviation of each colour channel, red, green, blue, of values in 0..1. */
export interface Normalisation {
  readonly mean: readonly [number, number, number]
  readonly std: readonly [number, number, number]
}

/** The normalisation of miniImageNet and everything like it in the M2L reference program. */
export const imagenetNormalisation: Normalisation = {
  mean: [125.3 / 255, 123.0 / 255, 113.9 / 255],
  std: [63.0 / 255, 62.1 / 255, 66.7 / 255],
}

/** The normalisation of CIFAR-FS and FC100 in the M2L reference program. */
export const cifarNormalisation: Normalisation = {
  mean: [0.5071, 0.4866, 0.4409],
  std: [0.2009, 0.1984, 0.2023],
}

/**
 * (images / 255 - mean) / std, as one multiplication and one addition.
 *
 * When the images come from {@link renderViews}, its `normalisation` option does the same without a further pass.
 *
 * @param images float32 [n, h, w, 3], levels 0-255; left to the caller to dispose.
 * @returns float32 [n, h, w, 3].
 */
export function normalise(images: tf.Tensor4D, normalisation: Normalisation): tf.Tensor4D {
  const { scale, shift } = scaleAndShift(normalisation)
  return tf.tidy(() => images.mul<tf.Tensor4D>(tf.tensor1d(scale)).add(tf.tensor1d(shift)))
}

/** The value of every 8-bit level in every channel: float32 [256, 3]; the level itself without normalisation. */
export function normalisedLevels(normalisation: Normalisation | undefined): Float32Array {
  const { scale, shift } = normalisation
    ? scaleAndShift(normalisation)
    : { scale: [1, 1, 1], shift: [0, 0, 0] }
  return Float32Array.from({ length: 256 * 3 }, (_, index) => {
    const channel = index % 3
    return Math.floor(index / 3) * scale[channel]! + shift[channel]!
  })
}

function scaleAndShift({ mean, std }: Normalisation) {
  return {
    scale: std.map((deviation) => 1 / (255 * deviation)),
    shift: mean.map((average, channel) => -average / std[channel]!),
  }
}
