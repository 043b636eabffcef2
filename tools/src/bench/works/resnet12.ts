import { createBackbone } from '@m2l/backbones'
import { graphFunction, randomKey, tf } from '@m2l/engine'
import { crossEntropy } from '@m2l/metric'
import { Linear, lossAndGradients, mergeStates, prefixed, sgd } from '@m2l/nn'
import type { Job } from '../work.js'
import { graphOptions } from './graph-options.js'
import { timed } from './timed.js'

const classes = 64

/**
 * A training step of a ResNet-12 classifier on 16 images of 84x84: forward, backward, SGD with Nesterov
 * momentum.
 */
export async function measureTraining(job: Job): Promise<readonly number[]> {
  const { count, side } = job.quick ? { count: 2, side: 32 } : { count: 16, side: 84 }
  const key = randomKey(1)
  const backbone = createBackbone('R12', key.fold('backbone'))
  const classifier = new Linear({ key: key.fold('classifier'), inputs: backbone.channels, outputs: classes })
  const state = mergeStates(prefixed('backbone', backbone.state), prefixed('classifier', classifier.state))
  const optimiser = sgd(state, { momentum: 0.9, nesterov: true, weightDecay: 5e-4 })
  const step = graphFunction((inputs: { images: tf.Tensor; labels: tf.Tensor; rate: tf.Tensor }) => {
    const { loss, gradients } = lossAndGradients(state, () => {
      const map = backbone.embed(inputs.images as tf.Tensor4D, { training: true })
      const logits = classifier.forward(tf.mean(map, [1, 2]))
      return crossEntropy(logits as tf.Tensor2D, inputs.labels as tf.Tensor1D)
    })
    optimiser.step(gradients, inputs.rate as tf.Scalar)
    return { loss }
  }, graphOptions(job))
  const images = tf.randomNormal([count, side, side, 3])
  const labels = tf.range(0, count, 1, 'int32')
  const rate = tf.scalar(5e-4)
  return timed(() => {
    const { loss } = step({ images, labels, rate })
    loss.dataSync()
    loss.dispose()
  }, job.repeats)
}

/** The feature maps of 32 images of 84x84 by a ResNet-12 in evaluation. */
export async function measureInference(job: Job): Promise<readonly number[]> {
  const { count, side } = job.quick ? { count: 2, side: 32 } : { count: 32, side: 84 }
  const backbone = createBackbone('R12', randomKey(1))
  const embed = graphFunction(
    (inputs: { images: tf.Tensor }) => ({
      map: backbone.embed(inputs.images as tf.Tensor4D, { training: false }),
    }),
    graphOptions(job),
  )
  const images = tf.randomNormal([count, side, side, 3])
  return timed(() => {
    const { map } = embed({ images })
    map.dataSync()
    map.dispose()
  }, job.repeats)
}
