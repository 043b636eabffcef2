import { tf } from '@m2l/engine'
import type { EmbeddingField } from './embedding.js'
import { nearestWeights, rankedProducts, type NearestOfChoice } from './expected-nearest.js'
import {
  explanationOfMatches,
  rowsOfClasses,
  type PositionMatch,
  type ScoreExplanation,
} from './explanation.js'
import { l2Normalise } from './l2-normalise.js'
import { readBack } from './read-back.js'

/** What {@link explainImageToClass} compares, in the words of `imageToClassScores`. */
export interface ComparedDescriptors {
  /** [1, descriptors, channels] */
  readonly query: tf.Tensor3D
  /** [images, descriptors', channels], sorted by class */
  readonly support: tf.Tensor3D
  /** The number of images of each class. */
  readonly shots: readonly number[]
  /** 1 if not given. */
  readonly neighbours?: number
  /** See `Support`; all images if not given. */
  readonly drawnShots?: number | undefined
}

/**
 * Which descriptors of a query met which of the supports in the image-to-class measure: for each class the
 * nearest ones of every query descriptor, each of which adds its share of their mean to the score. Where
 * fewer images are drawn than a class has, those are the nearest ones of each image, by how probable it is
 * that they are among the nearest of all drawn.
 *
 * @param field what the descriptors are
 * @param compared makes the descriptors; what it leaves on the engine is freed
 * @returns for each class
 */
export async function explainImageToClass(
  field: EmbeddingField,
  compared: () => ComparedDescriptors,
): Promise<ScoreExplanation[]> {
  let layout = { shots: [] as readonly number[], positions: { query: 0, support: 0 } }
  const ofClasses = await readBack(() => {
    const { query, support, shots, neighbours = 1, drawnShots = Infinity } = compared()
    layout = { shots, positions: { query: query.shape[1], support: support.shape[1] } }
    const rows = l2Normalise(query).reshape<tf.Tensor2D>([-1, query.shape[2]])
    return tf.split(support, [...shots]).flatMap((ofClass, label) => {
      const others = l2Normalise(ofClass).reshape<tf.Tensor2D>([-1, query.shape[2]])
      const choice = { neighbours, drawn: drawnShots, count: shots[label]! }
      return weightedProducts(tf.matMul(rows, others, false, true), choice)
    })
  })
  const { shots, positions } = layout
  return rowsOfClasses(shots).map((images, label) => {
    const [cosines, places, columns, weights] = ofClasses.slice(4 * label, 4 * label + 4) as Four
    const perDescriptor = cosines.length / positions.query
    const matches = Array.from(cosines, (similarity, index): PositionMatch => {
      const query = Math.floor(index / perDescriptor)
      const column = columns[query * perDescriptor + places[index]!]!
      return {
        query,
        image: images[Math.floor(column / positions.support)]!,
        support: column % positions.support,
        similarity,
        contribution: similarity * weights[index]!,
      }
    }).filter((_, index) => weights[index] !== 0)
    return explanationOfMatches(field, matches, images, positions)
  })
}

type Four = [cosines: Float32Array, places: Float32Array, columns: Float32Array, weights: Float32Array]

/**
 * The products of a class that may count, in descending order.
 *
 * @param products [descriptors, images * descriptors']
 * @returns themselves, their places among the highest of each image, the columns of those, and by how much
 *   products count: [descriptors, images * kept] each
 */
function weightedProducts(products: tf.Tensor2D, choice: NearestOfChoice): tf.Tensor[] {
  const ofImages = products.reshape([products.shape[0], choice.count, -1])
  const ofImage = ofImages.shape[2]!
  const best = tf.topk(ofImages, Math.min(choice.neighbours, ofImage)) // each [descriptors, images, kept]
  const firstColumns = tf.range(0, choice.count * ofImage, ofImage, 'int32').reshape([1, -1, 1])
  const ranked = rankedProducts(best.values, choice.neighbours)
  return [
    ranked.values,
    ranked.places,
    tf.add(best.indices, firstColumns),
    tf.mul(nearestWeights(ranked, choice), tf.onesLike(ranked.values)),
  ]
}
