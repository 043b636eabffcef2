import { tf, type RandomKey } from '@m2l/engine'
import {
  BatchNorm,
  Convolution,
  disposeState,
  drawingKey,
  dropBlock,
  kept,
  mergeStates,
  prefixed,
  scheduledKeep,
  type Backbone,
} from '@m2l/nn'

const channels = 8
/** So that the schedule of DropBlock moves within a short run. */
const batchesAtOnce = 2000

/**
 * A backbone of one convolution with all that a resumed run has to restore: statistics, and DropBlock with
 * its counter.
 */
export function smallBackbone(key: RandomKey): Backbone {
  const convolution = new Convolution({
    key,
    inputChannels: 3,
    outputChannels: channels,
    kernelSize: 3,
    padding: 'same',
  })
  const norm = new BatchNorm(channels)
  const batchesSeen = kept('plain', () => tf.scalar(0))
  const state = mergeStates(prefixed('0', convolution.state), prefixed('1', norm.state), {
    batches_seen: batchesSeen,
  })
  return {
    name: 'small',
    channels,
    state,
    embed: (images, context) =>
      tf.tidy(() => {
        const x = tf.leakyRelu(norm.forward(convolution.forward(images), context), 0.1) as tf.Tensor4D
        const features = tf.maxPool(x, 2, 2, 'valid')
        if (!context.training) return features
        batchesSeen.value.assign(tf.add(batchesSeen.value, batchesAtOnce))
        return dropBlock(features, scheduledKeep(batchesSeen.value), 3, drawingKey(context, 'dropping'))
      }),
    outputSize: (height, width) => [Math.floor(height / 2), Math.floor(width / 2)],
    dispose: () => disposeState(state),
  }
}
