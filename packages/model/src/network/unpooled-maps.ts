import { graphFunction, tf } from '@m2l/engine'
import { nameParameters } from '@m2l/nn'
import type { EvaluatedModel } from '../model/evaluated-model.js'
import type { EmbeddedField } from './image-network.js'
import { disposeImages, imageTensors, type RenderedImages } from '../images/image-tensors.js'
import { stageMaps } from '../model/pool-stages.js'

/**
 * Makes the maps that pooled features of whole images are made of; `dispose` frees what it takes beside the
 * model.
 */
export interface UnpooledMaps {
  /**
   * @param images whose memory is given back for the images that come next
   * @returns for each stage of the encoding, or for the only map, [images, height, width, channels]
   */
  (images: RenderedImages): Promise<EmbeddedField[]>
  dispose(): void
}

/**
 * The maps behind a model's pooled features, for those who ask where in an image a feature comes from.
 *
 * @param model whose encoding is `pooled`
 */
export function unpooledMaps(model: EvaluatedModel): UnpooledMaps {
  if ('network' in model) {
    return Object.assign(async (images: RenderedImages) => [await model.maps(images)], { dispose: () => {} })
  }
  const { backbone, encoding } = model
  const stages = encoding.map === 'pooled' ? encoding.stages : []
  nameParameters(model.state)
  const graph = graphFunction<{ readonly whole: tf.Tensor4D }, readonly tf.Tensor4D[]>(
    ({ whole }) => stageMaps(backbone, whole, { training: false }, stages),
    { name: 'maps', onEager: () => {}, frozen: true, anyBatch: true },
  )
  const mapsOf = async (images: RenderedImages): Promise<EmbeddedField[]> => {
    const tensors = imageTensors(images, {}) // normalised as they were rendered
    const maps = graph({ whole: tensors.whole! })
    disposeImages(tensors, images)
    try {
      return await Promise.all(
        maps.map(async (map) => ({ shape: map.shape, data: (await map.data()) as Float32Array })),
      )
    } finally {
      tf.dispose([...maps])
    }
  }
  return Object.assign(mapsOf, { dispose: graph.dispose })
}
