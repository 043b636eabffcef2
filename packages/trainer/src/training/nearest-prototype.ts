import { tf } from '@m2l/engine'
import { l2Normalise, pooled, prototypes, requireField, type Embedding, type MetricLevel } from '@m2l/metric'

/**
 * How pretraining is validated: the inner product of a query's pooled feature with each class's prototype of
 * unit length.
 */
export function nearestPrototype(): MetricLevel {
  const features = (embedding: Embedding) => pooled(requireField(embedding, 'map', 'nearest prototype'))
  return {
    name: 'nearest prototype',
    needs: ['map'],
    state: {},
    scores: ({ shots, ...support }, query) =>
      tf.tidy(() => {
        const centres = l2Normalise(prototypes(features(support), shots))
        return tf.matMul(features(query), centres, false, true) as tf.Tensor2D
      }),
  }
}
