import { count, InputError } from '@m2l/engine'
import { type EpisodeShape, shotsOfWays, type UnlabelledShape } from './episode.js'
import { labelledCount } from './label-division.js'

/** What the sampler needs to know of a split; an `ImageSplit` of `@m2l/datasets` is one. */
export interface EpisodeSource {
  readonly name: string
  readonly classes: readonly { readonly name: string; readonly images: { readonly length: number } }[]
}

/** A split whose content is known; an `ImageSplit` of `@m2l/datasets` is one. */
export interface EpisodeSplit extends EpisodeSource {
  /** Hexadecimal SHA-256 over the names of its classes and the ids of its images. */
  readonly hash: string
}

/**
 * Checks that a split has the classes and images that episodes of a shape need.
 * @throws InputError naming the split or class, what it has and what is needed.
 */
export function assertEpisodesPossible(source: EpisodeSource, shape: EpisodeShape): void {
  const { ways, queries, unlabelled } = shape
  assertWhole('ways', ways, 2)
  assertWhole('queries', queries, 1)
  const shots = shotsOfWays(shape)
  for (const ofClass of shots) assertWhole('shots', ofClass, 1)
  if (shots.length !== ways) {
    throw new InputError(
      `shots: got ${count(shots.length, 'number')} for ${count(ways, 'way')}; give one number, or one for each way`,
    )
  }
  if (unlabelled) assertUnlabelledShape(unlabelled)
  assertEnoughClasses(source, shape)
  const most = Math.max(...shots)
  const needed = `${most + queries} (${most} support + ${queries} query)`
  for (const { name, images } of source.classes) {
    const at = `split ${source.name}: class ${name} has`
    if (!unlabelled) {
      if (images.length >= most + queries) continue
      throw new InputError(
        `${at} ${count(images.length, 'image')}, but an episode needs ${needed}; ` +
          `lower shots or queries, add images or leave the class out`,
      )
    }
    const labelled = labelledCount(images.length, unlabelled.labelledShare)
    const others = images.length - labelled
    const share = `of its ${images.length} (a share of ${unlabelled.labelledShare} is labelled)`
    if (labelled < most + queries) {
      throw new InputError(
        `${at} ${labelled} labelled images ${share}, but an episode needs ${needed}; ` +
          `lower shots or queries, raise the labelled share, add images or leave the class out`,
      )
    }
    if (others < unlabelled.perClass) {
      throw new InputError(
        `${at} ${others} unlabelled images ${share}, but an episode needs ${unlabelled.perClass}; ` +
          `lower the unlabelled images or the labelled share, add images or leave the class out`,
      )
    }
  }
}

function assertUnlabelledShape({ perClass, distractorClasses, labelledShare }: UnlabelledShape): void {
  assertWhole('unlabelled images of a class', perClass, 1)
  assertWhole('distractor classes', distractorClasses, 0)
  if (labelledShare > 0 && labelledShare < 1) return
  throw new InputError(`labelled share: ${labelledShare} is not usable; give a number above 0 and below 1`)
}

function assertEnoughClasses({ name, classes }: EpisodeSource, { ways, unlabelled }: EpisodeShape): void {
  const distractors = unlabelled?.distractorClasses ?? 0
  if (classes.length >= ways + distractors) return
  const [parts, remedy] =
    distractors > 0
      ? [
          ` (${count(ways, 'way')} + ${count(distractors, 'distractor')})`,
          'lower the ways or the distractor classes',
        ]
      : ['', 'lower the ways']
  throw new InputError(
    `split ${name}: has ${count(classes.length, 'class')}, but an episode needs ${ways + distractors}${parts}; ` +
      `${remedy} or use a split with more classes`,
  )
}

/** Checks that a number is whole and not too small. */
export function assertWhole(name: string, value: number, least: number): void {
  if (Number.isSafeInteger(value) && value >= least) return
  throw new InputError(`${name}: ${value} is not usable; give a whole number of at least ${least}`)
}
