/**
 * One few-shot task, by index: some classes of a split, and for each its labelled images and those to be
 * classified; in a semi-supervised task also images whose class is not told. No image has two roles.
 */
export interface Episode {
  /** Index in the split of each way's class; all different. */
  readonly classes: readonly number[]
  /** For each way, the indices within its class of the labelled images, one a shot. */
  readonly support: readonly (readonly number[])[]
  /** For each way, the indices within its class of the images to be classified. */
  readonly query: readonly (readonly number[])[]
  /** The unlabelled images in random order; absent in a supervised episode. */
  readonly unlabelled?: readonly UnlabelledImage[]
}

/**
 * An image by the index of its class in the split and its own within the class. No method may look at the
 * class.
 */
export type UnlabelledImage = readonly [classIndex: number, image: number]

/** What an episode is made of. */
export interface EpisodeShape {
  /** Classes of an episode, at least 2. */
  readonly ways: number
  /** Support images of each way: one number for all, or one for each way. At least 1. */
  readonly shots: number | readonly number[]
  /** Query images of each way, at least 1. */
  readonly queries: number
  /** Makes episodes semi-supervised. */
  readonly unlabelled?: UnlabelledShape
}

/**
 * The unlabelled images of an episode (Ren et al., "Meta-Learning for Semi-Supervised Few-Shot
 * Classification", ICLR 2018, section 2.2).
 */
export interface UnlabelledShape {
  /** Unlabelled images of each way's class and of each distractor class, at least 1. */
  readonly perClass: number
  /** Distractors: classes other than the ways' of which there are unlabelled images. 0 or more. */
  readonly distractorClasses: number
  /**
   * The share of each class's images, rounded down, that are labelled: above 0, below 1. Support and query
   * are drawn from these, unlabelled images from the others.
   */
  readonly labelledShare: number
}

/** The shots of each way, written out. */
export function shotsOfWays({ ways, shots }: EpisodeShape): readonly number[] {
  return typeof shots === 'number' ? Array.from({ length: ways }, () => shots) : shots
}

/** Whether an unlabelled image of an episode belongs to none of its ways. */
export function isDistractor({ classes }: Episode, [classIndex]: UnlabelledImage): boolean {
  return !classes.includes(classIndex)
}
