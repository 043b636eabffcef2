/**
 * One few-shot task, by index: some classes of a split, and for each its labelled and its unlabelled images.
 * No image is in both.
 */
export interface Episode {
  /** Index in the split of each way's class; all different. */
  readonly classes: readonly number[]
  /** For each way, the indices within its class of the labelled images, one a shot. */
  readonly support: readonly (readonly number[])[]
  /** For each way, the indices within its class of the images to be classified. */
  readonly query: readonly (readonly number[])[]
}

/** What an episode is made of. */
export interface EpisodeShape {
  /** Classes of an episode, at least 2. */
  readonly ways: number
  /** Support images of each way: one number for all, or one for each way. At least 1. */
  readonly shots: number | readonly number[]
  /** Query images of each way, at least 1. */
  readonly queries: number
}

/** The shots of each way, written out. */
export function shotsOfWays({ ways, shots }: EpisodeShape): readonly number[] {
  return typeof shots === 'number' ? Array.from({ length: ways }, () => shots) : shots
}
