import { tf, type RandomKey } from '@m2l/engine'
import {
  drawingKey,
  dropBlock,
  dropout,
  kept,
  scheduledKeep,
  type Backbone,
  type ForwardContext,
  type Parameter,
} from '@m2l/nn'
import { ResidualStage } from './residual-stage.js'
import { stagedBackbone } from './staged-backbone.js'

/** What a ResNet-12 is made from. */
export interface ResNet12Options {
  /** From which the weights are drawn (Kaiming normal, fan-out). */
  readonly key: RandomKey
  /** Whether training drops features as pretraining does (`R12-pre`); no unless told. */
  readonly dropBlock?: boolean
}

const widths = [64, 160, 320, 640]
const channels = 640

/**
 * ResNet-12, `R12`: 84x84 -> 5x5x640 in four residual stages of 64, 160, 320 and 640 channels (Lee et al.,
 * "Meta-Learning with Differentiable Convex Optimization", CVPR 2019, section 4.1; He et al. 2016 for the
 * residual). Its stages are `layer1` to `layer4`.
 *
 * With `dropBlock` (`R12-pre`), training drops .1 of the features after the first two stages and, on a
 * schedule, 5x5 squares after the other two. How far the schedule is, the parameter `batches_seen` tells: it
 * counts the training passes, is saved with the weights, and so survives a resume.
 */
export function resNet12({ key, dropBlock: drops = false }: ResNet12Options): Backbone {
  const stages = widths.map(
    (outputChannels, index) =>
      new ResidualStage({
        key,
        name: `layer${index + 1}`,
        inputChannels: widths[index - 1] ?? 3,
        outputChannels,
      }),
  )
  return stagedBackbone({
    name: drops ? 'R12-pre' : 'R12',
    channels,
    stages,
    ...(drops && scheduledDrops()),
    smallest: 16,
    outputSize: (height, width) => [Math.floor(height / 16), Math.floor(width / 16)],
  })
}

/** Counts a pass and drops features after each of its stages. */
function scheduledDrops() {
  const batchesSeen: Parameter = kept('plain', () => tf.scalar(0))
  return {
    state: { batches_seen: batchesSeen },
    begin(context: ForwardContext) {
      if (!context.training) return undefined
      batchesSeen.value.assign(tf.add(batchesSeen.value, 1))
      const keep = scheduledKeep(batchesSeen.value)
      return (features: tf.Tensor4D, stage: number): tf.Tensor4D => {
        const purpose = `the dropping after stage ${stage + 1}`
        if (stage < 2) return dropout(features, 0.1, context, purpose)
        return dropBlock(features, keep, 5, drawingKey(context, purpose))
      }
    },
  }
}
