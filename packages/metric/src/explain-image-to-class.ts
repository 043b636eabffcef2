import { tf } from '@m2l/engine'
import type { EmbeddingField } from './embedding.js'
import { explanationOfMatches, rowsOfClasses, type PositionMatch, type ScoreExplanation } from './explanation.js'
import { l2Normalise } from './l2-normalise.js'
import { readBack } from './read-back.js'

/**
 * Which descriptors of a query met which of the supports in the image-to-class measure: for each class the `neighbours`
 * nearest ones of every query descriptor, each of which adds its share of their mean to the score.
 *
 * @param field what the descriptors are
 * @param query [1, descriptors, channels]
 * @param support [images, descriptors', channels], sorted by class
 * @param shots the number of images of each class
 * @returns for each class; the contributions of its matches sum to what `imageToClassScores` gives
 */
export async function explainImageToClass(
  field: EmbeddingField,
  query: tf.Tensor3D,
  support: tf.Tensor3D,
  shots: readonly number[],
  neighbours = 1,
): Promise<ScoreExplanation[]> {
  const positions = { query: query.shape[1], support: support.shape[1] }
  const [cosines, columns] = await readBack(() => {
    const rows = l2Normalise(query).reshape([positions.query, -1]) as tf.Tensor2D
    const nearest = tf.split(support, [...shots]).map((ofClass) =>
      tf.tidy(() => {
        const others = l2Normalise(ofClass).reshape([-1, ofClass.shape[2]]) as tf.Tensor2D
        const { values, indices } = tf.topk(tf.matMul(rows, others, false, true), neighbours)
        return [values, indices] as const // each [descriptors, neighbours]
      }),
    )
    return [tf.stack(nearest.map(([values]) => values)), tf.stack(nearest.map(([, indices]) => indices))]
  })
  return rowsOfClasses(shots).map((images, label) => {
    const first = label * positions.query * neighbours
    const matches = Array.from({ length: positions.query * neighbours }, (_, index): PositionMatch => {
      const similarity = cosines[first + index]!
      const column = columns[first + index]!
      return {
        query: Math.floor(index / neighbours),
        image: images[Math.floor(column / positions.support)]!,
        support: column % positions.support,
        similarity,
        contribution: similarity / neighbours,
      }
    })
    return explanationOfMatches(field, matches, images, positions)
  })
}
