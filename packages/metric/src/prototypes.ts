import { tf } from '@m2l/engine'

/**
 * The mean feature of each image.
 *
 * @param map [images, height, width, channels]
 * @returns [images, channels]
 */
export function pooled(map: tf.Tensor4D): tf.Tensor2D {
  return tf.mean(map, [1, 2])
}

/**
 * Every position's feature, row by row.
 *
 * @param map [images, height, width, channels]
 * @returns [images * height * width, channels]
 */
export function positionsOf(map: tf.Tensor4D): tf.Tensor2D {
  return map.reshape([-1, map.shape[3]])
}

/**
 * The mean feature of each class (Snell, Swersky, Zemel, "Prototypical Networks for Few-shot Learning",
 * NeurIPS 2017, equation 1).
 *
 * @param features [images, channels], sorted by class
 * @param shots the number of images of each class
 * @returns [ways, channels]
 */
export function prototypes(features: tf.Tensor2D, shots: readonly number[]): tf.Tensor2D {
  return tf.tidy(() => {
    if (shots.every((shot) => shot === shots[0])) {
      return tf.mean(features.reshape([shots.length, shots[0]!, features.shape[1]]), 1) as tf.Tensor2D
    }
    const classes = tf.split(features, [...shots], 0)
    return tf.stack(classes.map((ofClass) => tf.mean(ofClass, 0))) as tf.Tensor2D
  })
}
