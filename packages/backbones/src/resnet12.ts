import { tf, type RandomKey } from '@m2l/engine'
import {
  disposeState,
  drawingKey,
  dropBlock,
  dropout,
  kept,
  mergeStates,
  scheduledKeep,
  type Backbone,
  type ForwardContext,
  type Parameter,
} from '@m2l/nn'
import { checkImages } from './images.js'
import { ResidualStage } from './residual-stage.js'

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
 * "Meta-Learning with Differentiable Convex Optimization", CVPR 2019, section 4.1; He et al. 2016 for the residual).
 *
 * With `dropBlock` (`R12-pre`), training drops .1 of the features after the first two stages and, on a schedule, 5x5
 * squares after the other two. How far the schedule is, the parameter `batches_seen` tells: it counts the training
 * passes, is saved with the weights, and so survives a resume.
 */
export function resNet12({ key, dropBlock: drops = false }: ResNet12Options): Backbone {
  const name = drops ? 'R12-pre' : 'R12'
  const stages = widths.map(
    (outputChannels, index) =>
      new ResidualStage({
        key,
        name: `layer${index + 1}.0`,
        inputChannels: widths[index - 1] ?? 3,
        outputChannels,
      }),
  )
  const regularise = drops ? scheduledDrops() : undefined
  const state = mergeStates(...stages.map((stage) => stage.state), regularise?.state ?? {})
  return {
    name,
    channels,
    state,
    embed(images, context) {
      checkImages(name, images, 16)
      return tf.tidy(() => {
        const drop = regularise?.begin(context)
        return stages.reduce((x, stage, index) => {
          const features = stage.forward(x, context)
          return drop?.(features, index) ?? features
        }, images)
      })
    },
    outputSize: (height, width) => [Math.floor(height / 16), Math.floor(width / 16)],
    dispose: () => disposeState(state),
  }
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
