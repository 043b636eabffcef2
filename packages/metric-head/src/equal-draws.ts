import { imageWeights } from './image-weights.js'

/** Classes that are compared by as many images of each. */
export interface EqualDraws {
  readonly classes: readonly number[]
  /** [draws][images]: by how much each image counts; those of other classes not at all. */
  readonly draws: readonly (readonly number[])[]
  /** For each image whether some draw leaves it out though its class is compared. */
  readonly isDrawn: readonly boolean[]
  /** Whether no class has two images in any draw. */
  readonly oneShot: boolean
}

/** More draws of a class with many images change little. */
const mostDraws = 12

/**
 * How classes of different numbers of images are compared: all by as many images of each as `drawnShots`
 * says, then among themselves those that have twice as many or more, by as many of each as the smallest of
 * them has, and so on.
 *
 * The mean of many images is less noisy than a single one. Where both are held against their common mean,
 * whatever is noise in the single one tells the classes apart, and nothing new resembles it. Equal numbers
 * have equal noise. Numbers that differ less than that are made equal by what each image counts, which takes
 * one draw.
 *
 * @param shots the number of images of each class; one without any is not compared
 * @param drawnShots see `Support`
 */
export function equalDraws(shots: readonly number[], drawnShots = Infinity): EqualDraws[] {
  const steps: EqualDraws[] = []
  let classes = shots.flatMap((shot, label) => (shot > 0 ? [label] : []))
  let drawn = drawnShots
  for (;;) {
    steps.push(drawsOf(shots, classes, drawn))
    const richer = classes.filter((label) => isRicher(shots[label]!, drawn))
    if (richer.length < 2 || richer.length === classes.length) return steps
    classes = richer
    drawn = Math.min(...classes.map((label) => shots[label]!))
  }
}

function isRicher(shot: number, drawn: number): boolean {
  return shot >= 2 * drawn
}

function drawsOf(shots: readonly number[], classes: readonly number[], drawn: number): EqualDraws {
  const most = Math.max(1, ...classes.map((label) => shots[label]!))
  const count = isRicher(most, drawn) ? Math.min(mostDraws, Math.ceil(most / drawn)) : 1
  const draws = Array.from({ length: count }, (_, draw) =>
    shots.flatMap((shot, label) => {
      if (!classes.includes(label)) return Array.from({ length: shot }, () => 0)
      if (!isRicher(shot, drawn)) return imageWeights([shot], drawn)
      // Every count-th of drawn * count places, which are evenly spread over the images.
      const places = Array.from({ length: drawn }, (_place, index) => draw + index * count)
      const chosen = new Set(places.map((place) => Math.floor((place * shot) / (drawn * count))))
      return Array.from({ length: shot }, (_image, image) => Number(chosen.has(image)))
    }),
  )
  const isDrawn = shots.flatMap((shot, label) => {
    return Array.from({ length: shot }, () => classes.includes(label) && isRicher(shot, drawn))
  })
  const oneShot = classes.every((label) => {
    const shot = shots[label]!
    return shot <= 1 || (drawn <= 1 && isRicher(shot, drawn))
  })
  return { classes, draws, isDrawn, oneShot }
}
