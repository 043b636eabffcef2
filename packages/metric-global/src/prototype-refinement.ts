import { tf } from '@m2l/engine'
import { learned, type StateDict } from '@m2l/nn'
import { z } from 'zod'
import { refinePrototypes, unlabelledShares } from './refine-prototypes.js'

/** Options of a level that say whether and how unlabelled images refine its prototypes. */
export interface PrototypeRefinementOptions {
  /** `none` if not given; `soft-with-distractors` has a cluster for images of no class. */
  readonly refine?: 'none' | 'soft' | 'soft-with-distractors'
  /** Steps of the refinement; 1 if not given. */
  readonly refineSteps?: number
  /**
   * The distance at which a class's hold on an unlabelled image falls to 1/e; 1 if not given. The square root
   * of the temperature of the level's scores makes the assignments the level's own probabilities.
   */
  readonly lengthScale?: number
}

/** The same under their names in recipes. */
export const refinementOptions = {
  refine: z.enum(['none', 'soft', 'soft-with-distractors']).default('none'),
  refine_steps: z.int().min(1).default(1),
  length_scale: z.number().gt(0).default(1),
}

/** Whether and how unlabelled images refine prototypes, with the weight that is learned for it. */
export interface PrototypeRefinement {
  /** Whether unlabelled images are looked at. */
  readonly isActive: boolean
  /** `distractor_log_length_scale`, relative to the classes' length scale, where there may be distractors. */
  readonly state: StateDict
  /**
   * @param prototypes [ways, channels], the means of the supports
   * @param shots the number of supports of each class
   * @param unlabelled [images, channels], or nothing in a supervised episode
   * @returns [ways, channels]
   */
  apply(prototypes: tf.Tensor2D, shots: readonly number[], unlabelled?: tf.Tensor2D): tf.Tensor2D
  /**
   * How much of each refined prototype each unlabelled image is, see {@link unlabelledShares}; nothing where
   * none is looked at.
   *
   * @returns [ways, images]
   */
  shares(prototypes: tf.Tensor2D, shots: readonly number[], unlabelled?: tf.Tensor2D): tf.Tensor2D | undefined
}

/**
 * {@link refinePrototypes} as a part of a level. As published, one length scale holds for all classes and
 * that of the distractors is learned; here it starts at that of the classes.
 */
export function prototypeRefinement(options: PrototypeRefinementOptions): PrototypeRefinement {
  const { refine = 'none', refineSteps: steps = 1, lengthScale = 1 } = options
  const logScale = refine === 'soft-with-distractors' ? learned('plain', () => tf.scalar(0)) : undefined
  const scales = () => ({
    steps,
    lengthScale,
    ...(logScale && { distractorLengthScale: tf.mul(lengthScale, tf.exp(logScale.value)) as tf.Scalar }),
  })
  return {
    isActive: refine !== 'none',
    state: logScale ? { distractor_log_length_scale: logScale } : {},
    apply: (prototypes, shots, unlabelled) => {
      if (refine === 'none' || !unlabelled) return prototypes
      return tf.tidy(() => refinePrototypes(prototypes, shots, unlabelled, scales()))
    },
    shares: (prototypes, shots, unlabelled) => {
      if (refine === 'none' || !unlabelled || unlabelled.shape[0] === 0) return undefined
      return tf.tidy(() => unlabelledShares(prototypes, shots, unlabelled, scales()))
    },
  }
}
