import { tf } from '@m2l/engine'
import {
  explanationOfMatches,
  l2Length,
  l2Normalise,
  readBack,
  rowsOfClasses,
  type ScoreExplanation,
} from '@m2l/metric'
import { alignedToClasses, type AlignedClass, type Alignment } from './alignment.js'

/**
 * Where the scores of an alignment came from. Every query position adds the highest cosine of its own value
 * with an aligned one. An aligned value is a sum over support positions by attention, so that the cosine is,
 * too: that is what each of these adds. A query position's match is the support position that adds most to
 * it.
 *
 * @param align makes the alignment of one query
 */
export async function explainAlignment(align: () => Alignment): Promise<ScoreExplanation[]> {
  let shots: readonly number[] = []
  const ofClasses = await readBack(() => {
    const alignment = align()
    shots = alignment.shots
    const own = l2Normalise(alignment.queryValues.squeeze<tf.Tensor2D>([0])) // [positions, channels]
    return alignedToClasses(alignment).flatMap((ofClass) => additions(ofClass, own))
  })
  return rowsOfClasses(shots).map((images, label) => {
    const [query, support, best, attended] = ofClasses.slice(4 * label, 4 * label + 4) as Four
    const positions = support.length / images.length
    return {
      field: 'map',
      score: query.reduce((sum, value) => sum + value, 0),
      query: { images: [{ image: 0, values: [...query] }], rest: 0 },
      support: {
        images: images.map((image, index) => ({
          image,
          values: [...support.subarray(index * positions, (index + 1) * positions)],
        })),
        rest: 0,
      },
      matches: Array.from(best, (column, position) => ({
        query: position,
        image: images[Math.floor(column / positions)]!,
        support: column % positions,
        similarity: attended[position]!,
        contribution: query[position]!,
      })),
    }
  })
}

/**
 * Explanations of the mean scores of images.
 *
 * @param ofImages of each image of each class
 */
export function meanExplanations(
  ofImages: readonly ScoreExplanation[],
  shots: readonly number[],
): ScoreExplanation[] {
  return rowsOfClasses(shots).map((rows) => {
    const matches = rows.flatMap((row) =>
      ofImages[row]!.matches!.map((match) => ({ ...match, contribution: match.contribution / rows.length })),
    )
    const { query, support } = ofImages[rows[0]!]!
    const positions = {
      query: query.images[0]!.values.length,
      support: support.images[0]!.values.length,
    }
    return {
      ...explanationOfMatches('map', matches, rows, positions),
      support: {
        images: rows.flatMap((row) =>
          ofImages[row]!.support.images.map(({ image, values }) => ({
            image,
            values: values.map((value) => value / rows.length),
          })),
        ),
        rest: 0,
      },
    }
  })
}

type Four = [query: Float32Array, support: Float32Array, best: Float32Array, attended: Float32Array]

/**
 * @param own [positions, channels], the query's normalised values
 * @returns what query positions add, what support positions add; for each query position the support position
 *   that adds most, and how much that is attended to
 */
function additions({ attention, values, aligned, cosines }: AlignedClass, own: tf.Tensor2D): tf.Tensor[] {
  const chosen = tf.argMax(cosines.squeeze<tf.Tensor2D>([0]), 0) as tf.Tensor1D // [positions], the aligned one
  const weights = tf.gather(attention.squeeze<tf.Tensor2D>([0]), chosen) // [positions, shots * positions']
  const lengths = l2Length(tf.gather(aligned.squeeze<tf.Tensor2D>([0]), chosen)) // [positions, 1]
  const added = tf.mul(tf.div(weights, lengths), tf.matMul(own, values, false, true)) // [positions, shots * positions']
  const best = tf.argMax(added, 1)
  const isBest = tf.cast(
    tf.equal(tf.expandDims(best, 1), tf.range(0, added.shape[1]!, 1, 'int32')),
    'float32',
  )
  return [tf.sum(added, 1), tf.sum(added, 0), best, tf.sum(tf.mul(weights, isBest), 1)]
}
