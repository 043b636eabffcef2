import { tf } from '@m2l/engine'
import { LevelFusion } from '@m2l/metric'
import { globalLevel } from '@m2l/metric-global'
import type { Backbone } from '@m2l/nn'
import { FewShotModel } from '@m2l/model'

/**
 * What can be had without learning: each query goes to the class whose mean image is nearest pixel by pixel.
 */
export function nearestPixelModel(): FewShotModel {
  return new FewShotModel(rawPixels, new LevelFusion([{ level: globalLevel(), weight: 1, temperature: 1 }]))
}

/** Every pixel of the image as one feature of a single position. */
const rawPixels: Backbone = {
  name: 'raw pixels',
  channels: Number.NaN,
  embed: (images) => images.reshape([images.shape[0], 1, 1, -1]) as tf.Tensor4D,
  outputSize: () => [1, 1],
  state: {},
  dispose: () => {},
}
