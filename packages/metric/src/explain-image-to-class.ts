import { tf } from '@m2l/engine'
import type { EmbeddingField } from './embedding.js'
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
}

/**
 * Which descriptors of a query met which of the supports in the image-to-class measure: for each class the nearest ones of
 * every query descriptor, each of which adds its share of their mean to the score.
 *
 * @param field what the descriptors are
 * @param compared makes the descriptors; what it leaves on the engine is freed
 * @returns for each class
 */
export async function explainImageToClass(
  field: EmbeddingField,
  compared: () => ComparedDescriptors,
): Promise<ScoreExplanation[]> {
  let layout = { shots: [] as readonly number[], neighbours: 1, positions: { query: 0, support: 0 } }
  const [cosines, columns] = await readBack(() => {
    const { query, support, shots, neighbours = 1 } = compared()
    layout = { shots, neighbours, positions: { query: query.shape[1], support: support.shape[1] } }
    const rows = l2Normalise(query).reshape<tf.Tensor2D>([-1, query.shape[2]])
    const nearest = tf.split(support, [...shots]).map((ofClass) =>
      tf.tidy(() => {
        const others = l2Normalise(ofClass).reshape<tf.Tensor2D>([-1, query.shape[2]])
        const { values, indices } = tf.topk(tf.matMul(rows, others, false, true), neighbours)
        return [values, indices] as [tf.Tensor, tf.Tensor] // each [descriptors, neighbours]
      }),
    )
    return [tf.stack(nearest.map(([values]) => values)), tf.stack(nearest.map(([, indices]) => indices))]
  })
  const { shots, neighbours, positions } = layout
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
