import { type RandomGenerator, type RandomKey, tf } from '@m2l/engine'

/** How far each property may change: its factor is drawn from [max(0, 1 - strength), 1 + strength]. */
export interface JitterStrengths {
  readonly brightness: number
  readonly contrast: number
  readonly saturation: number
}

/** The strengths usual in few-shot pretraining. */
const usualStrengths: JitterStrengths = { brightness: 0.4, contrast: 0.4, saturation: 0.4 }

/** Weights of red, green and blue in a grey level, as Pillow's `convert('L')` has them (ITU-R 601-2). */
const greyWeights = [0.299, 0.587, 0.114]

/**
 * Changes brightness, contrast and saturation of every picture by factors of its own, as torchvision's
 * `ColorJitter` does: blends with black, with the picture's mean grey and with its grey version, clipped to
 * 0..255 after each. The order of the three is drawn once for all pictures of a call, and levels are not
 * rounded in between.
 *
 * @param images float32 [n, h, w, 3], levels 0-255, before normalisation; left to the caller to dispose.
 * @returns float32 [n, h, w, 3], levels 0-255.
 */
export function colourJitter(
  images: tf.Tensor4D,
  key: RandomKey,
  strengths: JitterStrengths = usualStrengths,
): tf.Tensor4D {
  const random = key.generator()
  const order = random.shuffle(['brightness', 'contrast', 'saturation'] as const)
  return tf.tidy(() =>
    order.reduce((current, property) => {
      const factors = drawFactors(images.shape[0], strengths[property], random)
      const changed = current.mul(factors).add(opposites[property](current).mul(tf.sub(1, factors)))
      return changed.clipByValue(0, 255) as tf.Tensor4D
    }, images.clone()),
  )
}

/** What a factor of 0 would leave of the pictures, by property. */
const opposites: Record<keyof JitterStrengths, (images: tf.Tensor4D) => tf.Tensor> = {
  brightness: () => tf.scalar(0),
  contrast: (images) => grey(images).mean([1, 2, 3], true), // [n, 1, 1, 1]
  saturation: grey,
}

function grey(images: tf.Tensor4D): tf.Tensor {
  return images.mul(greyWeights).sum(3, true) // [n, h, w, 1]
}

function drawFactors(count: number, strength: number, random: RandomGenerator): tf.Tensor4D {
  const low = Math.max(0, 1 - strength)
  const factors = Float32Array.from({ length: count }, () => low + (1 + strength - low) * random.uniform())
  return tf.tensor4d(factors, [count, 1, 1, 1])
}
