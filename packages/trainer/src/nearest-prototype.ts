import { tf } from '@m2l/engine'
import { l2Normalise, requireField, type MetricLevel } from '@m2l/metric'

/**
 * How pretraining is validated: the inner product of a query's pooled feature with each class's prototype of unit
 * length.
 */
export function nearestPrototype(): MetricLevel {
  return {
    name: 'nearest prototype',
    needs: ['map'],
    state: {},
    scores: (support, query) =>
      tf.tidy(() => {
        const pooled = (map: tf.Tensor4D) => tf.mean(map, [1, 2]) as tf.Tensor2D
        const features = tf.split(
          pooled(requireField(support, 'map', 'nearest prototype')),
          [...support.shots],
          0,
        )
        const prototypes = l2Normalise(
          tf.stack(features.map((ofClass) => tf.mean(ofClass, 0))),
        ) as tf.Tensor2D
        return tf.matMul(
          pooled(requireField(query, 'map', 'nearest prototype')),
          prototypes,
          false,
          true,
        ) as tf.Tensor2D
      }),
  }
}
