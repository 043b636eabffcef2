import { tf, type RandomKey } from '@m2l/engine'
import { mergeStates, relu6, type Backbone } from '@m2l/nn'
import { InvertedResidual } from './inverted-residual.js'
import { liteConvolution } from './lite-convolution.js'
import { stagedBackbone, type Stage } from './staged-backbone.js'

/** Which of the family. */
export type EfficientNetLiteVariant = 0 | 1 | 2

/** What an EfficientNet-Lite is made from. */
export interface EfficientNetLiteOptions {
  readonly variant: EfficientNetLiteVariant
  /** From which the weights are drawn (normal, fan-out). */
  readonly key: RandomKey
  /**
   * How often training leaves out the last block, and earlier ones the less the earlier they are; the
   * original's is .2. None unless told.
   */
  readonly dropConnect?: number
}

/** How much wider and deeper than the smallest each is, and the side of the pictures that it was made for. */
const scales = {
  0: { width: 1, depth: 1, resolution: 224 },
  1: { width: 1, depth: 1.1, resolution: 240 },
  2: { width: 1.1, depth: 1.2, resolution: 260 },
} as const

/** The stages between stem and head, of the smallest network. */
const stagePlans = [
  { blocks: 1, kernelSize: 3, stride: 1, expansion: 1, channels: 16 },
  { blocks: 2, kernelSize: 3, stride: 2, expansion: 6, channels: 24 },
  { blocks: 2, kernelSize: 5, stride: 2, expansion: 6, channels: 40 },
  { blocks: 3, kernelSize: 3, stride: 2, expansion: 6, channels: 80 },
  { blocks: 3, kernelSize: 5, stride: 1, expansion: 6, channels: 112 },
  { blocks: 4, kernelSize: 5, stride: 2, expansion: 6, channels: 192 },
  { blocks: 1, kernelSize: 3, stride: 1, expansion: 6, channels: 320 },
] as const

const stemChannels = 32
const headChannels = 1280

/** The side of the pictures that a variant was made for, in pixels. */
export function liteResolution(variant: EfficientNetLiteVariant): number {
  return scales[variant].resolution
}

/**
 * EfficientNet-Lite0, 1 or 2: 224x224 -> 7x7x1280 (240, 260 pixels -> 8x8, 9x9), in the stages `stem`,
 * `stage1` to `stage7` and `head` (Tan and Le, "EfficientNet", ICML 2019; the Lite networks of the TensorFlow
 * repository `tpu`: no squeeze-and-excitation, ReLU6 everywhere, stem and head not scaled).
 *
 * Pictures are normalised as (level - 127) / 128 where weights are the published ones.
 */
export function efficientNetLite({ variant, key, dropConnect = 0 }: EfficientNetLiteOptions): Backbone {
  const stem = liteConvolution({
    key,
    convolution: 'stem.conv',
    batchNorm: 'stem.bn',
    inputChannels: 3,
    outputChannels: stemChannels,
    kernelSize: 3,
    stride: 2,
  })
  const stages = blockStages(variant, key, dropConnect)
  const head = liteConvolution({
    key,
    convolution: 'head.conv',
    batchNorm: 'head.bn',
    inputChannels: liteStages(variant).at(-1)!.channels,
    outputChannels: headChannels,
    kernelSize: 1,
  })
  return stagedBackbone({
    name: `EfficientNet-Lite${variant}`,
    channels: headChannels,
    stages: [
      { name: 'stem', state: stem.state, forward: (x, context) => relu6(stem.forward(x, context)) },
      ...stages,
      { name: 'head', state: head.state, forward: (x, context) => relu6(head.forward(x, context)) },
    ],
    smallest: 32,
    outputSize: (height, width) => [Math.ceil(height / 32), Math.ceil(width / 32)],
  })
}

function blockStages(variant: EfficientNetLiteVariant, key: RandomKey, dropConnect: number): Stage[] {
  const plans = liteStages(variant)
  const total = plans.reduce((sum, { blocks }) => sum + blocks, 0)
  let before = 0
  return plans.map(({ blocks: count, channels, stride, ...plan }, index) => {
    const name = `stage${index + 1}`
    const first = before
    before += count
    const blocks = Array.from(
      { length: count },
      (_, block) =>
        new InvertedResidual({
          ...plan,
          key,
          name: `${name}.${block}`,
          inputChannels: block > 0 ? channels : (plans[index - 1]?.channels ?? stemChannels),
          outputChannels: channels,
          stride: block > 0 ? 1 : stride,
          dropRate: (dropConnect * (first + block)) / total,
        }),
    )
    return {
      name,
      state: mergeStates(...blocks.map((block) => block.state)),
      forward: (x, context) => tf.tidy(() => blocks.reduce((map, block) => block.forward(map, context), x)),
    }
  })
}

/** The stages between stem and head of a variant: all are wider, all but the first and the last deeper. */
export function liteStages(variant: EfficientNetLiteVariant) {
  const { width, depth } = scales[variant]
  const last = stagePlans.length - 1
  return stagePlans.map((plan, index) => ({
    ...plan,
    channels: scaledChannels(plan.channels, width),
    blocks: index === 0 || index === last ? plan.blocks : Math.ceil(plan.blocks * depth),
  }))
}

/** The nearest multiple of eight, or the one above where that would take away more than a tenth. */
function scaledChannels(channels: number, width: number): number {
  const wanted = channels * width
  const nearest = Math.max(8, Math.floor((wanted + 4) / 8) * 8)
  return nearest < 0.9 * wanted ? nearest + 8 : nearest
}
