import { tf } from '@m2l/engine'
import {
  pooled,
  positionsOf,
  prototypes,
  readBack,
  rowsOfClasses,
  type ImageContributions,
  type ScoreExplanation,
} from '@m2l/metric'
import { classCentres } from './class-centres.js'
import type { PrototypeRefinement } from './prototype-refinement.js'
import type { Centres, Similarity } from './similarities.js'

/** What the global level compares. */
interface Comparison {
  /** [1, height, width, channels] */
  readonly query: tf.Tensor4D
  /** [images, height', width', channels], sorted by class */
  readonly support: tf.Tensor4D
  readonly shots: readonly number[]
  /** See `Support`; Infinity for all. */
  readonly drawnShots: number
  /** [images, height', width', channels]: what refines the prototypes. */
  readonly unlabelled?: tf.Tensor4D
  readonly refinement: PrototypeRefinement
  readonly similarity: Similarity
}

/**
 * The scores of the global level as sums over positions: a pooled feature is the mean of its positions'
 * features, and the score is linear in these with the other side held fixed. A refined prototype is a mean
 * over supports and unlabelled images, with the weights of the last step.
 */
export async function explainGlobal(comparison: Comparison): Promise<ScoreExplanation[]> {
  const { query, support, shots, drawnShots, unlabelled, refinement, similarity } = comparison
  const [scores, ofQuery, ofUnlabelled, ...ofSupports] = await readBack(() => {
    const feature = pooled(query)
    const means = prototypes(pooled(support), shots)
    const others = unlabelled && pooled(unlabelled)
    const centres = classCentres({ support: pooled(support), shots, drawnShots, others, refinement })
    const weights = shots.map((shot) => Math.min(shot, drawnShots))
    const shares = refinement.shares(means, weights, others) // [ways, images]
    const positions = positionsOf(query)
    return [
      similarity.scores(feature, centres),
      tf.div(similarity.ofQueryPositions(positions, feature, centres), positions.shape[0]), // [ways, positions]
      shares && unlabelled
        ? weighted(similarity, { shares, images: unlabelled, feature, centres })
        : tf.zeros([0]),
      ...(tf.split(support, [...shots]) as tf.Tensor4D[]).map((images, label) => {
        const share = shares ? tf.sub(1, tf.sum(shares.slice([label, 0], [1, -1]))) : tf.scalar(1)
        return weighted(similarity, {
          shares: tf.mul(tf.ones([1, shots[label]!]), tf.div(share, shots[label]!)),
          images,
          feature,
          centres: centreOf(centres, label),
        })
      }),
    ]
  })
  const positions = {
    query: countOf(query),
    support: countOf(support),
    unlabelled: unlabelled && countOf(unlabelled),
  }
  const unlabelledImages = ofUnlabelled.length === 0 ? 0 : unlabelled!.shape[0]
  return rowsOfClasses(shots).map((images, label) => ({
    field: 'map',
    score: scores[label]!,
    query: {
      images: [{ image: 0, values: rowOf(ofQuery, label, positions.query) }],
      rest: 0,
    },
    support: {
      images: [
        ...images.map((image, index) => ({
          image,
          values: rowOf(ofSupports[label]!, index, positions.support),
        })),
        ...Array.from({ length: unlabelledImages }, (_, image): ImageContributions => {
          const row = label * unlabelledImages + image
          return { image, unlabelled: true, values: rowOf(ofUnlabelled, row, positions.unlabelled!) }
        }),
      ],
      rest: 0,
    },
  }))
}

interface PrototypeImages {
  /** [ways, images]: how much of each prototype each image is */
  readonly shares: tf.Tensor
  /** [images, height, width, channels] */
  readonly images: tf.Tensor4D
  /** [1, channels], the query's */
  readonly feature: tf.Tensor2D
  readonly centres: Centres
}

function centreOf({ means, spread }: Centres, label: number): Centres {
  return { means: means.slice([label, 0], [1, -1]), spread: spread?.slice([label, 0], [1, -1]) }
}

/** @returns [ways, images, positions]: what each position of each image adds to the scores. */
function weighted(similarity: Similarity, { shares, images, feature, centres }: PrototypeImages): tf.Tensor {
  const positions = countOf(images)
  const values = similarity
    .ofSupportPositions(positionsOf(images), feature, centres)
    .reshape([centres.means.shape[0], images.shape[0], positions])
  return tf.mul(values, tf.div(tf.expandDims(shares, 2), positions))
}

function countOf({ shape: [, height, width] }: tf.Tensor4D): number {
  return height * width
}

function rowOf(values: Float32Array, row: number, length: number): number[] {
  return [...values.subarray(row * length, (row + 1) * length)]
}
