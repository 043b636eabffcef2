import { InputError, tf } from '@m2l/engine'
import { l2Length } from '@m2l/metric'
import { windowPool, type Backbone, type ForwardContext, type PoolingWindow } from '@m2l/nn'

/** How a whole image becomes one feature. */
export interface StagePooling {
  readonly window: PoolingWindow
  /**
   * The stages of the backbone whose features are laid side by side; its last map alone where there are none.
   */
  readonly stages: readonly string[]
}

/**
 * Pooled features of several depths of a backbone side by side, each of unit length, so that all count alike.
 *
 * @param images [n, height, width, 3], normalised
 * @returns [n, 1, 1, sum of the stages' channels]
 * @throws {InputError} when the backbone has no such stage
 */
export function embedPooled(
  backbone: Backbone,
  images: tf.Tensor4D,
  context: ForwardContext,
  { window, stages }: StagePooling,
): tf.Tensor4D {
  return tf.tidy(() => poolMaps(stageMaps(backbone, images, context, stages), window))
}

/**
 * The maps that {@link embedPooled} pools, which are the caller's.
 *
 * @throws {InputError} likewise
 */
export function stageMaps(
  backbone: Backbone,
  images: tf.Tensor4D,
  context: ForwardContext,
  stages: readonly string[],
): tf.Tensor4D[] {
  if (stages.length === 0) return [backbone.embed(images, context)]
  if (!backbone.maps) {
    throw new InputError(`${backbone.name} gives no maps of stages such as ${stages[0]}; name none of them`)
  }
  const maps = backbone.maps(images, context, stages)
  return stages.map((stage) => maps[stage]!)
}

/** @param maps [n, height, width, channels] each */
export function poolMaps(maps: readonly tf.Tensor4D[], window: PoolingWindow): tf.Tensor4D {
  return tf.tidy(() => {
    const features = maps.map((map) => {
      const pooled = windowPool(map, window)
      return tf.div(pooled, l2Length(pooled)) as tf.Tensor4D
    })
    return features.length === 1 ? features[0]! : tf.concat(features, 3)
  })
}
