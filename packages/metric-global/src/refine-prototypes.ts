import { tf } from '@m2l/engine'

/** How unlabelled images refine prototypes. */
export interface RefinementOptions {
  /** Steps of soft k-means; 1, as published, if not given. */
  readonly steps?: number
  /**
   * r of the classes, a distance above 0: assignments are a softmax of -d^2 / r^2. 1, as published, if not
   * given.
   */
  readonly lengthScale?: number
  /**
   * r of a further cluster at the origin that takes in distractors, a scalar above 0; no such cluster without
   * it.
   */
  readonly distractorLengthScale?: tf.Scalar
}

/**
 * Prototypes refined by unlabelled images: soft k-means that starts at the prototypes and in which the
 * supports keep their classes (Ren et al., "Meta-Learning for Semi-Supervised Few-Shot Classification", ICLR
 * 2018, section 3.1.1; with a cluster for distractors section 3.1.2).
 *
 * @param prototypes [ways, channels], the means of the supports
 * @param shots the number of supports of each class
 * @param unlabelled [images, channels]; with no image the prototypes stay as they are
 * @returns [ways, channels]
 */
export function refinePrototypes(
  prototypes: tf.Tensor2D,
  shots: readonly number[],
  unlabelled: tf.Tensor2D,
  { steps = 1, ...scales }: RefinementOptions = {},
): tf.Tensor2D {
  return tf.tidy(() => {
    if (unlabelled.shape[0] === 0) return tf.clone(prototypes)
    const supports = supportCounts(shots)
    const supportSums = tf.mul(prototypes, supports) // [ways, channels]
    let refined = prototypes
    for (let step = 0; step < steps; step++) {
      const assignments = softAssignments(unlabelled, refined, scales) // [images, ways]
      const sums = tf.add(supportSums, tf.matMul(assignments, unlabelled, true))
      const counts = tf.add(supports, tf.expandDims(tf.sum(assignments, 0), 1)) // [ways, 1]
      refined = tf.div(sums, counts)
    }
    return refined
  })
}

/**
 * How much of each refined prototype each unlabelled image is; the rest of it are the supports, in equal
 * shares.
 *
 * @returns [ways, images], of what {@link refinePrototypes} gives for the same arguments
 */
export function unlabelledShares(
  prototypes: tf.Tensor2D,
  shots: readonly number[],
  unlabelled: tf.Tensor2D,
  { steps = 1, ...scales }: RefinementOptions = {},
): tf.Tensor2D {
  return tf.tidy(() => {
    const before = refinePrototypes(prototypes, shots, unlabelled, { ...scales, steps: steps - 1 })
    const assignments = tf.transpose(softAssignments(unlabelled, before, scales)) // [ways, images]
    return tf.div(assignments, tf.add(supportCounts(shots), tf.sum(assignments, 1, true))) as tf.Tensor2D
  })
}

/** @returns [ways, 1] */
function supportCounts(shots: readonly number[]): tf.Tensor2D {
  return tf.tensor2d([...shots], [shots.length, 1])
}

/**
 * How likely each image is of each class.
 *
 * @returns [images, ways]; a row sums to 1, or less where the cluster for distractors has the rest
 */
function softAssignments(
  images: tf.Tensor2D,
  prototypes: tf.Tensor2D,
  { lengthScale = 1, distractorLengthScale }: RefinementOptions,
): tf.Tensor2D {
  const difference = tf.sub(tf.expandDims(images, 1), tf.expandDims(prototypes, 0)) // [images, ways, channels]
  const squared = tf.sum(tf.square(difference), 2) as tf.Tensor2D // [images, ways]
  const classes = logDensity(squared, tf.scalar(lengthScale))
  if (!distractorLengthScale) return tf.softmax(classes)
  const squaredNorm = tf.sum(tf.square(images), 1, true) as tf.Tensor2D // [images, 1]
  const distractors = logDensity(squaredNorm, distractorLengthScale)
  const all = tf.softmax(tf.concat([classes, distractors], 1)) // [images, ways + 1]
  return tf.slice(all, [0, 0], [images.shape[0], prototypes.shape[0]])
}

/** -d^2 / r^2 - log r; the constant of the published A(r) cancels in the softmax. */
function logDensity(squaredDistance: tf.Tensor2D, lengthScale: tf.Scalar): tf.Tensor2D {
  return tf.sub(tf.neg(tf.div(squaredDistance, tf.square(lengthScale))), tf.log(lengthScale))
}
