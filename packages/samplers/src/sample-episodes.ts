import { InputError, type RandomKey } from '@m2l/engine'
import { type Episode, type EpisodeShape, shotsOfWays } from './episode.js'

/** What the sampler needs to know of a split; an `ImageSplit` of `@m2l/datasets` is one. */
export interface EpisodeSource {
  readonly name: string
  readonly classes: readonly { readonly name: string; readonly images: { readonly length: number } }[]
}

/** Shape and randomness of a stream of episodes. */
export interface EpisodeOptions extends EpisodeShape {
  /** Episode `i` of the stream depends on this key and on `i` only. */
  readonly key: RandomKey
}

/** Options of {@link sampleEpisodes}. */
export interface SampleOptions extends EpisodeOptions {
  /** How many episodes, 0 or more. */
  readonly episodes: number
  /** Index in the stream of the first one; 0 where absent. */
  readonly first?: number
}

/**
 * Draws consecutive episodes of a stream; any slice of it can be drawn alone, with {@link SampleOptions.first}.
 * An episode is N classes without replacement, then support and query images of each without replacement, all
 * uniformly (Vinyals et al., "Matching Networks for One Shot Learning", NeurIPS 2016).
 *
 * @throws InputError when the split has fewer classes than ways, a class fewer images than an episode may need of
 *   it, or a number is out of range.
 */
export function sampleEpisodes(source: EpisodeSource, options: SampleOptions): Episode[] {
  const { episodes, first = 0 } = options
  assertWhole('episodes', episodes, 0)
  assertWhole('first', first, 0)
  assertEpisodesPossible(source, options)
  return Array.from({ length: episodes }, (_, index) => draw(source, options, first + index))
}

/**
 * Draws episode `index` of a stream, the same as {@link sampleEpisodes} gives at its place.
 * @throws InputError as {@link sampleEpisodes} does.
 */
export function episodeAt(source: EpisodeSource, options: EpisodeOptions, index: number): Episode {
  assertWhole('episode index', index, 0)
  assertEpisodesPossible(source, options)
  return draw(source, options, index)
}

/**
 * Checks that a split has the classes and images that episodes of a shape need.
 * @throws InputError naming the split or class, what it has and what is needed.
 */
export function assertEpisodesPossible(source: EpisodeSource, shape: EpisodeShape): void {
  const { ways, queries } = shape
  assertWhole('ways', ways, 2)
  assertWhole('queries', queries, 1)
  const shots = shotsOfWays(shape)
  for (const count of shots) assertWhole('shots', count, 1)
  if (shots.length !== ways) {
    throw new InputError(
      `shots: got ${shots.length} numbers for ${ways} ways; give one number, or one for each way`,
    )
  }
  if (source.classes.length < ways) {
    throw new InputError(
      `split ${source.name}: has ${source.classes.length} classes, but an episode needs ${ways}; ` +
        `lower the ways or use a split with more classes`,
    )
  }
  const most = Math.max(...shots)
  for (const { name, images } of source.classes) {
    if (images.length >= most + queries) continue
    throw new InputError(
      `split ${source.name}: class ${name} has ${images.length} images, but an episode needs ${most + queries} ` +
        `(${most} support + ${queries} query); lower shots or queries, add images or leave the class out`,
    )
  }
}

function draw({ classes }: EpisodeSource, shape: EpisodeOptions, index: number): Episode {
  const { ways, queries, key } = shape
  const random = key.fold('episode', index).generator()
  const drawn = random.sample(indices(classes.length), ways)
  const images = shotsOfWays(shape).map((shots, way) =>
    random.sample(indices(classes[drawn[way]!]!.images.length), shots + queries),
  )
  return {
    classes: drawn,
    support: images.map((of) => of.slice(0, -queries)),
    query: images.map((of) => of.slice(-queries)),
  }
}

const ranges = new Map<number, readonly number[]>()

/** The indices below `count`, made once for each count. */
function indices(count: number): readonly number[] {
  let range = ranges.get(count)
  if (!range) ranges.set(count, (range = Array.from({ length: count }, (_, index) => index)))
  return range
}

function assertWhole(name: string, value: number, least: number): void {
  if (Number.isSafeInteger(value) && value >= least) return
  throw new InputError(`${name}: ${value} is not usable; give a whole number of at least ${least}`)
}
