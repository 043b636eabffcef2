import type { RandomGenerator, RandomKey } from '@m2l/engine'
import {
  type Episode,
  type EpisodeShape,
  shotsOfWays,
  type UnlabelledImage,
  type UnlabelledShape,
} from './episode.js'
import { classDivisions, type ClassDivisions, type LabelDivision } from './label-division.js'
import { assertEpisodesPossible, assertWhole, type EpisodeSource } from './possible-episodes.js'

/** Shape and randomness of a stream of episodes. */
export interface EpisodeOptions extends EpisodeShape {
  /** Episode `i` of the stream depends on this key and on `i` only. */
  readonly key: RandomKey
  readonly unlabelled?: UnlabelledOptions
}

/** The unlabelled images of an episode, and the key by which each class's images are divided. */
export interface UnlabelledOptions extends UnlabelledShape, LabelDivision {}

/** Options of {@link sampleEpisodes}. */
export interface SampleOptions extends EpisodeOptions {
  /** How many episodes, 0 or more. */
  readonly episodes: number
  /** Index in the stream of the first one; 0 where absent. */
  readonly first?: number
}

/**
 * Draws consecutive episodes of a stream; any slice of it can be drawn alone, with
 * {@link SampleOptions.first}. An episode is N classes without replacement, then support and query images of
 * each without replacement, all uniformly (Vinyals et al., "Matching Networks for One Shot Learning", NeurIPS
 * 2016). With {@link EpisodeShape.unlabelled} support and query come from the labelled share of each class,
 * and unlabelled images of these and of distractor classes from the others; ways, support and query are the
 * same whatever the number of unlabelled images and distractor classes.
 *
 * @throws InputError when the split has fewer classes or a class fewer images than an episode may need, or a
 *   number is out of range.
 */
export function sampleEpisodes(source: EpisodeSource, options: SampleOptions): Episode[] {
  const { episodes, first = 0 } = options
  assertWhole('episodes', episodes, 0)
  assertWhole('first', first, 0)
  assertEpisodesPossible(source, options)
  const divided = options.unlabelled && classDivisions(source.classes, options.unlabelled)
  return Array.from({ length: episodes }, (_, index) => draw(source, options, divided, first + index))
}

/**
 * Draws episode `index` of a stream, the same as {@link sampleEpisodes} gives at its place.
 * @throws InputError as {@link sampleEpisodes} does.
 */
export function episodeAt(source: EpisodeSource, options: EpisodeOptions, index: number): Episode {
  assertWhole('episode index', index, 0)
  assertEpisodesPossible(source, options)
  const divided = options.unlabelled && classDivisions(source.classes, options.unlabelled)
  return draw(source, options, divided, index)
}

/** Draws one episode; `divided` divides the classes of a semi-supervised one. */
function draw(
  { classes }: EpisodeSource,
  shape: EpisodeOptions,
  divided: ClassDivisions | undefined,
  index: number,
): Episode {
  const { ways, queries, key, unlabelled } = shape
  const random = key.fold('episode', index).generator()
  const drawn = random.sample(indices(classes.length), ways)
  const images = shotsOfWays(shape).map((shots, way) => {
    const classIndex = drawn[way]!
    const candidates = divided?.(classIndex).labelled ?? indices(classes[classIndex]!.images.length)
    return random.sample(candidates, shots + queries)
  })
  const episode = {
    classes: drawn,
    support: images.map((of) => of.slice(0, -queries)),
    query: images.map((of) => of.slice(-queries)),
  }
  if (!unlabelled || !divided) return episode
  const fromUnlabelled = key.fold('unlabelled', index).generator()
  return {
    ...episode,
    unlabelled: drawUnlabelled(drawn, classes.length, unlabelled, divided, fromUnlabelled),
  }
}

/** Unlabelled images of the ways' classes, then of distractors, mixed. */
function drawUnlabelled(
  ways: readonly number[],
  classCount: number,
  { perClass, distractorClasses }: UnlabelledShape,
  divided: ClassDivisions,
  random: RandomGenerator,
): UnlabelledImage[] {
  const imagesOf = (classIndex: number): UnlabelledImage[] =>
    random.sample(divided(classIndex).unlabelled, perClass).map((image) => [classIndex, image])
  const ofWays = ways.flatMap(imagesOf)
  const others = indices(classCount).filter((classIndex) => !ways.includes(classIndex))
  const distractors = random.sample(others, distractorClasses).flatMap(imagesOf)
  return random.shuffle([...ofWays, ...distractors])
}

const ranges = new Map<number, readonly number[]>()

/** The indices below `count`, made once for each count. */
function indices(count: number): readonly number[] {
  let range = ranges.get(count)
  if (!range) ranges.set(count, (range = Array.from({ length: count }, (_, index) => index)))
  return range
}
