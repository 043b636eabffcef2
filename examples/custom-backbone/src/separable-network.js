// @ts-check
import { defineBackbone, NormalisedConvolution, stagedBackbone } from '@m2l/backbones'
import { mergeStates, silu } from '@m2l/nn'
import { z } from 'zod'

/**
 * A small network of depthwise separable convolutions (Howard et al., "MobileNets", arXiv 1704.04861, section
 * 3.1), with SiLU: each stage halves height and width, and each but the stem doubles the channels.
 */
export default defineBackbone({
  name: 'separable',
  options: z.object({
    /** Channels of the stem. */
    width: z.int().min(8).max(256).default(32),
    /** Stages after it. */
    stages: z.int().min(1).max(3).default(2),
  }),
  input: {
    size: 32,
    normalisation: { mean: [127.5, 127.5, 127.5], deviation: [127.5, 127.5, 127.5] },
    frame: { shorterSide: 9 / 8 },
  },
  // A checkpoint of the same network in PyTorch has a classifier, too, for which there is no use here.
  ownName(published) {
    if (published.startsWith('classifier.')) return null
    return /^(stem|stage\d+)\./.test(published) ? published : undefined
  },
  create({ width, stages: count }, { key }) {
    const stem = new NormalisedConvolution({
      key,
      convolution: 'stem.conv',
      batchNorm: 'stem.norm',
      inputChannels: 3,
      outputChannels: width,
      kernelSize: 3,
      stride: 2,
      padding: 1,
    })
    const stages = Array.from({ length: count }, (_, index) =>
      separableStage(key, `stage${index + 1}`, width * 2 ** index),
    )
    const reduction = 2 ** (1 + count)
    return stagedBackbone({
      name: 'separable',
      channels: width * 2 ** count,
      stages: [
        { name: 'stem', state: stem.state, forward: (x, context) => silu(stem.forward(x, context)) },
        ...stages,
      ],
      smallest: reduction,
      outputSize: (rows, columns) => [Math.ceil(rows / reduction), Math.ceil(columns / reduction)],
    })
  },
})

/**
 * @param {import('@m2l/engine').RandomKey} key of the whole network
 * @param {string} name
 * @param {number} channels of its input; it gives twice as many
 * @returns {import('@m2l/backbones').Stage}
 */
function separableStage(key, name, channels) {
  const depthwise = new NormalisedConvolution({
    key,
    convolution: `${name}.depthwise`,
    batchNorm: `${name}.depthwise_norm`,
    inputChannels: channels,
    outputChannels: channels,
    groups: channels,
    kernelSize: 3,
    stride: 2,
    padding: 1,
  })
  const pointwise = new NormalisedConvolution({
    key,
    convolution: `${name}.pointwise`,
    batchNorm: `${name}.pointwise_norm`,
    inputChannels: channels,
    outputChannels: 2 * channels,
    kernelSize: 1,
    padding: 'valid',
  })
  return {
    name,
    state: mergeStates(depthwise.state, pointwise.state),
    forward: (x, context) => silu(pointwise.forward(silu(depthwise.forward(x, context)), context)),
  }
}
