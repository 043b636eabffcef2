// @ts-check
import { tf } from '@m2l/engine'
import { defineLevel, l2Normalise, requireField } from '@m2l/metric'
import { learned } from '@m2l/nn'
import { z } from 'zod'

/**
 * The cosine of a query's pooled feature and each class's mean, times a scale that is learned with the
 * backbone (Gidaris and Komodakis, "Dynamic Few-Shot Visual Learning without Forgetting", CVPR 2018, equation
 * 5).
 */
export default defineLevel({
  name: 'cosine',
  options: z.object({ scale: z.number().gt(0).default(10) }),
  create({ scale }) {
    const learnedScale = learned('plain', () => tf.scalar(scale))
    return {
      name: 'cosine',
      needs: ['map'],
      state: { scale: learnedScale },
      scores: (support, query) =>
        tf.tidy(() => {
          const supportFeatures = pooled(requireField(support, 'map', 'cosine')) // [images, channels]
          const queryFeatures = pooled(requireField(query, 'map', 'cosine')) // [queries, channels]
          const classes = tf.split(supportFeatures, [...support.shots])
          const means = tf.stack(classes.map((ofClass) => tf.mean(ofClass, 0))) // [ways, channels]
          const cosines = tf.matMul(l2Normalise(queryFeatures), l2Normalise(means), false, true)
          return /** @type {tf.Tensor2D} */ (tf.mul(cosines, learnedScale.value)) // [queries, ways]
        }),
    }
  },
})

/** @param {tf.Tensor4D} map [n, height, width, channels] */
function pooled(map) {
  return /** @type {tf.Tensor2D} */ (tf.mean(map, [1, 2]))
}
