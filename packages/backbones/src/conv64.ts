import type { RandomKey } from '@m2l/engine'
import { Convolution, prefixed, xavierUniform, type Backbone } from '@m2l/nn'
import { Conv64Block, conv64Channels } from './conv64-block.js'
import { stagedBackbone } from './staged-backbone.js'

/**
 * Conv-64F, `FourLayer_64F`: 84x84 -> 19x19x64, the encoder of local-descriptor methods (Li et al.,
 * "Revisiting Local Descriptor Based Image-to-Class Measure for Few-Shot Learning", CVPR 2019). It pools only
 * after the first two blocks, so that many descriptors are left; the fourth block is an unpadded convolution
 * alone. Its stages are `layer1` to `layer4`.
 *
 * @param key from which the weights are drawn (Xavier uniform)
 */
export function conv64({ key }: { readonly key: RandomKey }): Backbone {
  const last = new Convolution({
    key: key.fold('layer4.0'),
    inputChannels: conv64Channels,
    outputChannels: conv64Channels,
    kernelSize: 3,
    padding: 'valid',
    initialise: xavierUniform,
  })
  return stagedBackbone({
    name: 'FourLayer_64F',
    channels: conv64Channels,
    stages: [
      new Conv64Block(key, 1, { pooled: true }),
      new Conv64Block(key, 2, { pooled: true }),
      new Conv64Block(key, 3, { pooled: false }),
      { name: 'layer4', state: prefixed('layer4.0', last.state), forward: (x) => last.forward(x) },
    ],
    smallest: 12,
    outputSize: (height, width) => [Math.floor(height / 4) - 2, Math.floor(width / 4) - 2],
  })
}
