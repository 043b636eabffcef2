import { tf } from '@m2l/engine'
import { levelMap, type Normalisation } from './level-map.js'

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
  const { scale, shift } = levelMap(normalisation)
  return tf.tidy(() => images.mul<tf.Tensor4D>(tf.tensor1d(scale)).add(tf.tensor1d(shift)))
}
