import { InputError, tf } from '@m2l/engine'
import type { NormalisationName, PerChannel, PictureInput } from '@m2l/nn'
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

/** What the names of normalisations stand for; nothing is done to levels under `none`. */
export const normalisations: Readonly<Record<NormalisationName, Normalisation | undefined>> = {
  imagenet: imagenetNormalisation,
  cifar: cifarNormalisation,
  /** That of the program to which the EfficientNet-Lite weights belong: (level - 127) / 128. */
  'efficientnet-lite': levelNormalisation({ mean: [127, 127, 127], deviation: [128, 128, 128] }),
  none: undefined,
}

/**
 * (images / 255 - mean) / std, as one multiplication and one addition.
 *
 * When the images come from {@link renderViews}, its `normalisation` option does the same without a further
 * pass.
 *
 * @param images float32 [n, h, w, 3], levels 0-255; left to the caller to dispose.
 * @returns float32 [n, h, w, 3].
 */
export function normalise(images: tf.Tensor4D, normalisation: Normalisation): tf.Tensor4D {
  const { scale, shift } = levelMap(normalisation)
  return tf.tidy(() => images.mul<tf.Tensor4D>(tf.tensor1d(scale)).add(tf.tensor1d(shift)))
}

/**
 * The normalisation by means and deviations in levels from 0 to 255.
 *
 * @throws {InputError} when they are not three numbers each, or a deviation is not more than 0.
 */
export function levelNormalisation({
  mean,
  deviation,
}: Pick<PictureInput, 'mean' | 'deviation'>): Normalisation {
  return { mean: shares('mean', mean), std: shares('deviation', deviation) }
}

/** Levels as shares of 255. */
function shares(name: 'mean' | 'deviation', levels: PerChannel): PerChannel {
  const usable = (level: number): boolean => Number.isFinite(level) && (name === 'mean' || level > 0)
  if (levels.length !== 3 || !levels.every(usable)) {
    const kind = name === 'mean' ? 'numbers' : 'numbers above 0'
    throw new InputError(
      `${name} is [${levels.join(', ')}]; give three ${kind}, in levels from 0 to 255: red, green, blue`,
      { code: 'option' },
    )
  }
  return [levels[0] / 255, levels[1] / 255, levels[2] / 255]
}
