import { tf } from '@m2l/engine'
import { pooled, type Embedding, type EmbeddingField } from '@m2l/metric'
import { pyramidPool, regionPool } from '@m2l/nn'
import type { ForwardEncoding } from './forward-encoding.js'

/** What a backbone makes of the views of some images. */
export interface ViewMaps {
  /** The number of images. */
  readonly count: number
  /** [count, height, width, channels] */
  readonly whole?: tf.Tensor4D | undefined
  /** [count * parts, height, width, channels], the parts of image 0 first. */
  readonly parts?: tf.Tensor4D | undefined
}

/**
 * The embedding of images by the maps of their views, as far as these allow.
 *
 * @param needs the fields that somebody looks at
 */
export function encodeMaps(
  { count, whole, parts }: ViewMaps,
  encoding: ForwardEncoding,
  needs: readonly EmbeddingField[],
): Embedding {
  /**
   * The features of parts, [count, parts, channels], where a level asks for them and where the encoding puts
   * them.
   */
  const asParts = (features: tf.Tensor3D): Embedding => ({
    ...(needs.includes('parts') && { parts: features }),
    ...(encoding.map === 'parts' && { map: tf.expandDims(features, 2) as tf.Tensor4D }),
  })
  const ofParts = () => {
    if (!parts || encoding.regions) return {}
    const [views, , , channels] = parts.shape
    return asParts(pooled(parts).reshape([count, views / count, channels]))
  }
  const ofWhole = () => {
    if (!whole) return {}
    return {
      ...(needs.includes('map') && {
        map: encoding.map === 'pyramid' ? pyramidPool(whole, encoding.sizes) : whole,
      }),
      ...(encoding.regions && asParts(regionPool(whole, encoding.regions))),
    }
  }
  return { ...ofParts(), ...ofWhole() }
}
