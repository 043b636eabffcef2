/**
 * What becomes of it that classes have different numbers of examples.
 *
 * `neutral`: scores are those that are expected where as many examples of each class are chosen as the
 * smallest has, so that a class is not preferred for having more; with equal numbers these are the published
 * ones. `published`: scores are of all examples, as recipes have it, whose episodes have equal numbers; a
 * class with more examples than others is then taken for many a picture that is none of it.
 */
export type ShotCounts = 'neutral' | 'published'

/**
 * Whether enough can be left out to choose and to calibrate by: examples of two classes at the least, and of
 * more than half of them.
 *
 * @param shots the number of examples of each class
 */
export function canLeaveOut(shots: readonly number[]): boolean {
  const several = shots.filter((shot) => shot > 1).length
  return several >= 2 && several > shots.length / 2
}

/** `drawnShots` of a support with these numbers of examples. */
export function drawnShots(counts: ShotCounts, shots: readonly number[]): number {
  return counts === 'published' ? Infinity : Math.min(...shots)
}
