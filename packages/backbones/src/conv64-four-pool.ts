import { tf, type RandomKey } from '@m2l/engine'
import { disposeState, mergeStates, type Backbone } from '@m2l/nn'
import { Conv64Block, conv64Channels } from './conv64-block.js'
import { checkImages } from './images.js'

const name = 'FourLayer_64F_4x'

/**
 * Conv-64F with a pooling after each of its four blocks, `FourLayer_64F_4x`: 84x84 -> 5x5x64 (Snell et al.,
 * "Prototypical Networks for Few-shot Learning", NIPS 2017, section 3.1, here with LeakyReLU).
 *
 * @param key from which the weights are drawn (Xavier uniform)
 */
export function conv64FourPool({ key }: { readonly key: RandomKey }): Backbone {
  const blocks = [1, 2, 3, 4].map((position) => new Conv64Block(key, position, { pooled: true }))
  const state = mergeStates(...blocks.map((block) => block.state))
  return {
    name,
    channels: conv64Channels,
    state,
    embed(images, context) {
      checkImages(name, images, 16)
      return tf.tidy(() => blocks.reduce((x, block) => block.forward(x, context), images))
    },
    outputSize: (height, width) => [Math.floor(height / 16), Math.floor(width / 16)],
    dispose: () => disposeState(state),
  }
}
