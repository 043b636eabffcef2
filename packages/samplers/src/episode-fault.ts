import { count } from '@m2l/engine'
import { type Episode, type EpisodeShape, shotsOfWays, type UnlabelledShape } from './episode.js'
import type { ClassDivisions } from './label-division.js'
import type { EpisodeSplit } from './possible-episodes.js'

/** What keeps an episode from being one of this shape; undefined when nothing does. */
export function episodeFault(episode: Episode, shape: EpisodeShape): string | undefined {
  const { classes, support, query, unlabelled } = episode
  const { ways, queries } = shape
  if (classes.length !== ways || support.length !== ways || query.length !== ways) {
    return `expected ${count(ways, 'way')}, got ${count(classes.length, 'class')}, ${count(support.length, 'support')}, ${count(query.length, 'query', 'queries')}`
  }
  if (new Set(classes).size !== ways) return 'a class occurs twice'
  for (const [way, shots] of shotsOfWays(shape).entries()) {
    const images = [...support[way]!, ...query[way]!]
    if (support[way]!.length !== shots || query[way]!.length !== queries) {
      return (
        `expected ${shots} support and ${queries} query images for way ${way}, ` +
        `got ${support[way]!.length} and ${query[way]!.length}`
      )
    }
    if (new Set(images).size !== images.length) return `an image of way ${way} occurs twice`
  }
  if (shape.unlabelled) return unlabelledFault(episode, shape.unlabelled)
  return unlabelled && 'has unlabelled images, but the episodes are supervised'
}

function unlabelledFault(
  { classes, support, query, unlabelled = [] }: Episode,
  { perClass, distractorClasses }: UnlabelledShape,
): string | undefined {
  const ofClass = new Map<number, number[]>(classes.map((classIndex) => [classIndex, []]))
  for (const [classIndex, image] of unlabelled) {
    const images = ofClass.get(classIndex)
    if (images) images.push(image)
    else ofClass.set(classIndex, [image])
  }
  const distractors = ofClass.size - classes.length
  if (distractors !== distractorClasses) {
    return `expected distractor classes: ${distractorClasses}, got ${distractors}`
  }
  for (const [classIndex, images] of ofClass) {
    if (images.length !== perClass) {
      return `expected ${perClass} unlabelled images of class ${classIndex}, got ${images.length}`
    }
    const way = classes.indexOf(classIndex)
    const all = way < 0 ? images : [...images, ...support[way]!, ...query[way]!]
    if (new Set(all).size !== all.length) return `an unlabelled image of class ${classIndex} occurs twice`
  }
  return undefined
}

/** What an episode indexes that the split does not have. */
export function indexFault(
  { classes, support, query, unlabelled = [] }: Episode,
  split: EpisodeSplit,
): string | undefined {
  const labelled = classes.map((classIndex, way) => [classIndex, ...support[way]!, ...query[way]!] as const)
  for (const [classIndex, ...images] of [...labelled, ...unlabelled]) {
    const drawn = split.classes[classIndex]
    if (!drawn) return `class ${classIndex} does not exist, split ${split.name} has ${split.classes.length}`
    const highest = images.reduce((most, image) => Math.max(most, image), 0)
    if (highest >= drawn.images.length) {
      return `image ${highest} of class ${drawn.name} does not exist, the class has ${drawn.images.length}`
    }
  }
  return undefined
}

/**
 * Which image of a semi-supervised episode is on the wrong side of the division into labelled and unlabelled.
 */
export function divisionFault(
  { classes, support, query, unlabelled = [] }: Episode,
  split: EpisodeSplit,
  divided: ClassDivisions,
): string | undefined {
  const named = (classIndex: number, image: number) =>
    `image ${image} of class ${split.classes[classIndex]!.name}`
  for (const [way, classIndex] of classes.entries()) {
    const { isLabelled } = divided(classIndex)
    const image = [...support[way]!, ...query[way]!].find((candidate) => !isLabelled(candidate))
    if (image !== undefined)
      return `${named(classIndex, image)} is support or query, but not of the labelled share`
  }
  const labelled = unlabelled.find(([classIndex, image]) => divided(classIndex).isLabelled(image))
  return labelled && `${named(...labelled)} is unlabelled in the episode, but of the labelled share`
}
