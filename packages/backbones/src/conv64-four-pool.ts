import type { RandomKey } from '@m2l/engine'
import type { Backbone } from '@m2l/nn'
import { Conv64Block, conv64Channels } from './conv64-block.js'
import { stagedBackbone } from './staged-backbone.js'

/**
 * Conv-64F with a pooling after each of its four blocks, `FourLayer_64F_4x`: 84x84 -> 5x5x64 (Snell et al.,
 * "Prototypical Networks for Few-shot Learning", NIPS 2017, section 3.1, here with LeakyReLU). Its stages are
 * `layer1` to `layer4`.
 *
 * @param key from which the weights are drawn (Xavier uniform)
 */
export function conv64FourPool({ key }: { readonly key: RandomKey }): Backbone {
  return stagedBackbone({
    name: 'FourLayer_64F_4x',
    channels: conv64Channels,
    stages: [1, 2, 3, 4].map((position) => new Conv64Block(key, position, { pooled: true })),
    smallest: 16,
    outputSize: (height, width) => [Math.floor(height / 16), Math.floor(width / 16)],
  })
}
