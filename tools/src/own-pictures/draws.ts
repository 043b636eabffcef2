import type { RandomKey } from '@m2l/engine'

/** Of how many examples a class is measured. */
export const shots = [1, 5] as const
export type Shots = (typeof shots)[number]

/** The most examples of a class. */
export const mostShots = Math.max(...shots)

/** A random draw of classes and of their pictures, each a position in the list of all pictures. */
export interface Draw {
  readonly labels: readonly string[]
  /** The examples of each class; of fewer examples these are the first. */
  readonly support: readonly (readonly number[])[]
  /** The pictures of each class that are to be recognised. */
  readonly query: readonly (readonly number[])[]
  /** Pictures of other classes. */
  readonly strangers: readonly number[]
}

/** What is drawn. */
export interface DrawOptions {
  readonly draws: number
  readonly ways: number
  /** At most so many of each class; of a smaller class all that are no examples. */
  readonly queries: number
  readonly key: RandomKey
}

/**
 * Draws classes and their pictures. As many other classes as there are, at most as many as a draw has, are
 * strangers.
 *
 * @param sizes the number of pictures of each class by its label; pictures are numbered through all classes
 *   in this order
 */
export function drawClasses(
  sizes: ReadonlyMap<string, number>,
  { draws, ways, queries, key }: DrawOptions,
): Draw[] {
  const labels = [...sizes.keys()]
  const starts = new Map<string, number>()
  let start = 0
  for (const [label, size] of sizes) {
    starts.set(label, start)
    start += size
  }
  return Array.from({ length: draws }, (_, draw): Draw => {
    const ofDraw = key.fold('draw', draw)
    const drawn = ofDraw
      .fold('classes')
      .generator()
      .sample(labels, Math.min(labels.length, 2 * ways))
    const pictures = drawn.map((label) => {
      const all = Array.from({ length: sizes.get(label)! }, (_picture, index) => starts.get(label)! + index)
      return ofDraw
        .fold('pictures', label)
        .generator()
        .sample(all, Math.min(all.length, mostShots + queries))
    })
    const known = pictures.slice(0, ways)
    return {
      labels: drawn.slice(0, ways),
      support: known.map((ofClass) => ofClass.slice(0, mostShots)),
      query: known.map((ofClass) => ofClass.slice(mostShots)),
      strangers: pictures.slice(ways).flatMap((ofClass) => ofClass.slice(mostShots)),
    }
  })
}

/** All pictures that draws name, each once, in ascending order. */
export function drawnPictures(draws: readonly Draw[]): number[] {
  const all = draws.flatMap(({ support, query, strangers }) => [
    ...support.flat(),
    ...query.flat(),
    ...strangers,
  ])
  return [...new Set(all)].toSorted((a, b) => a - b)
}
