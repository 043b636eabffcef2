import { tf } from '@m2l/engine'
import { defineLevel, l2Normalise, pooled, requireField, type Embedding, type MetricLevel } from '@m2l/metric'
import { z } from 'zod'
import { softnessOfDistances, type CentredClassifier, type CentredFolds } from './centred-folds.js'
import { centredGda } from './centred-gda.js'
import { leftOutScores, scoresWithoutClass } from './centred-leave-one-out.js'
import { centredMeans } from './centred-means.js'
import { ridgeByOthers } from './centred-ridge-by-others.js'
import { centredRidge } from './centred-ridge.js'
import { centredScores } from './centred-scores.js'

/** Options of the centred level. */
export interface CentredOptions {
  /** The name under which results show it; `centred` if not given. */
  readonly name?: string
  /** What is solved where a class has several images; `ridge` if not given. */
  readonly classifier?: 'ridge' | 'gda' | 'nearest-mean'
  /** How strongly ridge regression holds its weights near zero; .3 if not given. */
  readonly lambda?: number
  /** Which of the features it compares, the end not included; all if not given. */
  readonly channels?: readonly [start: number, end: number]
}

/**
 * With more examples, `ridgeByOthers` says what they predict for each other, since solving anew for each
 * takes long.
 */
const mostSolvedAnew = 100

/**
 * Compares unit features less their mean over the support, made unit again. Where a class has several images,
 * by ridge regression of the labels or by Gaussians of shared covariance; where all have one, by the negative
 * squared distance, which asks for no choice.
 *
 * That the support's mean takes the place of the training classes' (see {@link centredCosines}) is what
 * adapts a network that has seen the world to the few classes at hand: what all of them share tells none
 * apart.
 */
export function centredLevel({
  name = 'centred',
  classifier = 'ridge',
  lambda = 0.3,
  channels,
}: CentredOptions = {}): MetricLevel {
  const solved: CentredClassifier = {
    solve: (folds: CentredFolds) => {
      if (classifier === 'nearest-mean') return centredMeans(folds)
      return classifier === 'gda' ? centredGda(folds) : centredRidge(folds, lambda)
    },
    // Those of Gaussians are logarithms; regression and distances of unit features are of one size.
    softness: classifier === 'gda' ? 1 : softnessOfDistances,
  }
  const features = (embedding: Embedding): tf.Tensor2D => {
    const map = requireField(embedding, 'map', name)
    const [start, end] = channels ?? [0, map.shape[3]]
    const own = pooled(map).slice([0, start], [-1, end - start])
    // Squares of very large and very small features would leave single precision.
    const largest = tf.maximum(tf.max(tf.abs(own), 1, true), 1e-36)
    return l2Normalise(tf.div(own, largest)) as tf.Tensor2D
  }
  return {
    name,
    needs: ['map'],
    state: {},
    joint: true,
    scores: ({ shots, drawnShots = Infinity, ...support }, query) =>
      tf.tidy(() => {
        const [images, queries] = [features(support), features(query)]
        const compared = {
          rows: tf.expandDims(products(queries, images)) as tf.Tensor3D,
          squares: tf.sum(tf.square(queries), 1, true).reshape<tf.Tensor3D>([1, -1, 1]),
          within: tf.expandDims(products(images, images)) as tf.Tensor3D,
        }
        return centredScores(compared, shots, drawnShots, solved)
      }),
    leaveOneOut: ({ shots, ...support }, _query, left) =>
      tf.tidy(() => {
        const images = features(support)
        const gram = products(images, images)
        const isMany = images.shape[0] > mostSolvedAnew && shots.some((shot) => shot > 1)
        if (classifier !== 'ridge' || !isMany) return leftOutScores(gram, shots, left, solved)
        const rows = tf.tensor1d([...left.images], 'int32')
        return left.draws.map((drawnShots) => {
          const all = ridgeByOthers(gram, shots, drawnShots, lambda, solved)
          return tf.gather(all, rows) as tf.Tensor2D
        })
      }),
    leaveClassOut: ({ shots, ...support }, _query, left) =>
      tf.tidy(() => {
        const images = features(support)
        return scoresWithoutClass(products(images, images), shots, left, solved)
      }),
  }
}

/** The centred level under its name in recipes. */
export const centredDefinition = defineLevel({
  name: 'centred',
  options: z.object({
    classifier: z.enum(['ridge', 'gda', 'nearest-mean']).default('ridge'),
    lambda: z.number().min(1e-6).max(1e6).optional(),
  }),
  create: ({ classifier, lambda }) => centredLevel({ classifier, ...(lambda !== undefined && { lambda }) }),
})

/** @returns [rows, columns], the inner products of features */
function products(rows: tf.Tensor2D, columns: tf.Tensor2D): tf.Tensor2D {
  return tf.matMul(rows, columns, false, true) as tf.Tensor2D
}
