import type { ExactDuplicates, ImagePlace, NearDuplicates, NearThreshold, Reach } from './dataset-check.js'
import type { Fingerprint } from './fingerprint.js'
import { grouped } from './grouped.js'
import { JoinedSets } from './joined-sets.js'
import { nearPairs } from './near-pairs.js'
import { colourDistance } from './perceptual-hash.js'

/** A picture that can be read, and what tells it from others. */
export interface PrintedImage {
  readonly place: ImagePlace
  readonly print: Fingerprint
}

/** Groups of pictures with the same pixels, in the order of their first ones. */
export function exactDuplicates(images: readonly PrintedImage[]): ExactDuplicates[] {
  return byPixels(images)
    .filter((copies) => copies.length > 1)
    .map((copies) => {
      const [{ print }] = copies as [PrintedImage]
      const places = copies.map(({ place }) => place)
      const sameBytes = print.bytes !== undefined && copies.every((copy) => copy.print.bytes === print.bytes)
      return { match: sameBytes ? 'bytes' : 'pixels', reach: reachOf(places), images: places }
    })
}

/**
 * Groups of pictures that look the same but differ in pixels, in the order of their first ones; exact copies
 * are among those that look like them. Each picture of a group looks like another of it; the first need not
 * look like the last.
 */
export function nearDuplicates(images: readonly PrintedImage[], threshold: NearThreshold): NearDuplicates[] {
  const distinct = byPixels(images).filter(([first]) => first!.print.hash !== undefined)
  const prints = distinct.map(([first]) => first!.print)
  const sets = new JoinedSets(distinct.length)
  const links: [first: number, distance: number][] = []
  nearPairs(
    prints.map(({ hash }) => hash!),
    threshold.distance,
    (first, second, distance) => {
      if (sets.setOf(first) === sets.setOf(second)) return
      if (colourDistance(prints[first]!.colours, prints[second]!.colours) > threshold.colours) return
      sets.join(first, second)
      links.push([first, distance])
    },
  )
  const members = grouped(distinct.keys(), (index) => sets.setOf(index))
  const farthest = new Map<number, number>()
  for (const [first, distance] of links) {
    const set = sets.setOf(first)
    farthest.set(set, Math.max(farthest.get(set) ?? 0, distance))
  }
  return [...members]
    .filter(([, ofSet]) => ofSet.length > 1)
    .map(([set, ofSet]) => {
      const places = ofSet.flatMap((index) => distinct[index]!.map(({ place }) => place))
      return { reach: reachOf(places), distance: farthest.get(set)!, images: places }
    })
}

function byPixels(images: readonly PrintedImage[]): PrintedImage[][] {
  return [...grouped(images, ({ print }) => print.pixels).values()]
}

function reachOf(places: readonly ImagePlace[]): Reach {
  const [first] = places
  if (places.some(({ split }) => split !== first!.split)) return 'splits'
  return places.some((place) => place.class !== first!.class) ? 'classes' : 'class'
}
