/**
 * By how much each image of a support counts in a head: so much that a class counts as many images as are
 * drawn of it, or as it has, where it has no more.
 *
 * @param shots the number of images of each class
 * @param drawnShots see `Support`
 * @returns for each image, in (0, 1]
 */
export function imageWeights(shots: readonly number[], drawnShots = Infinity): number[] {
  return shots.flatMap((shot) =>
    Array.from({ length: shot }, () => Math.min(shot, drawnShots) / Math.max(1, shot)),
  )
}

/** Whether an image counts less than one. */
export function areWeighted(shots: readonly number[], drawnShots = Infinity): boolean {
  return shots.some((shot) => shot > drawnShots)
}

/**
 * The number of images of each class without an image of one of them.
 *
 * @param label the class that the image is of
 */
export function shotsWithout(shots: readonly number[], label: number): number[] {
  return shots.map((shot, other) => (other === label ? shot - 1 : shot))
}

/** The class of each image of a support. */
export function labelsOf(shots: readonly number[]): number[] {
  return shots.flatMap((shot, label) => Array.from({ length: shot }, () => label))
}

/**
 * The images by which a left-out image's own class is still known.
 *
 * @param images the rows of those that are left out
 * @returns [images left out, images of the support], 1 for each such image and 0 elsewhere
 */
export function othersOfClass(shots: readonly number[], images: readonly number[]): number[][] {
  const labels = labelsOf(shots)
  return images.map((image) =>
    labels.map((label, other) => (label === labels[image] && other !== image ? 1 : 0)),
  )
}
