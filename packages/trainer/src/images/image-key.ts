import type { Episode } from '@m2l/samplers'

/** Images of one class are numbered below this. */
const imagesPerClassLimit = 2 ** 26

/** One number for an image of a split; in the order of classes and of images within them. */
export function imageKey(classIndex: number, image: number): number {
  return classIndex * imagesPerClassLimit + image
}

export function fromImageKey(key: number): [classIndex: number, image: number] {
  return [Math.floor(key / imagesPerClassLimit), key % imagesPerClassLimit]
}

/** The keys of an episode's support or query images, in the order of its classes. */
export function labelledKeys(episode: Episode, role: 'support' | 'query'): number[] {
  return episode[role].flatMap((ofClass, label) =>
    ofClass.map((image) => imageKey(episode.classes[label]!, image)),
  )
}

/** The keys of an episode's unlabelled images, in their order. */
export function unlabelledKeys({ unlabelled = [] }: Episode): number[] {
  return unlabelled.map((image) => imageKey(...image))
}

/** Each key once, in ascending order. */
export function distinct(keys: Iterable<number>): number[] {
  return [...new Set(keys)].sort((a, b) => a - b)
}
