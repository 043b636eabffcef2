import type { ImageSplit } from '@m2l/datasets'
import { InputError } from '@m2l/engine'
import { type Episode, type EpisodeShape, shotsOfWays } from './episode.js'
import { type SampleOptions, sampleEpisodes } from './sample-episodes.js'

/**
 * Episodes that can be written down and replayed: indices, and the hash of the split that they index.
 * Anyone who holds the same split evaluates the very same episodes.
 */
export interface EpisodeManifest extends EpisodeShape {
  /** Name of the data set, for people. */
  readonly dataset: string
  /** Name of the split. */
  readonly split: string
  /** `ImageSplit.hash`: hexadecimal SHA-256 over the split's class names and image ids. */
  readonly splitHash: string
  /** `RandomKey.seed` of the key that drew the episodes. */
  readonly key: readonly [number, number]
  /** Index in the key's stream of the first episode. */
  readonly first: number
  readonly episodes: readonly Episode[]
}

/**
 * Draws the episodes of a manifest.
 * @param dataset name of the data set.
 * @throws InputError as {@link sampleEpisodes} does.
 */
export function sampleManifest(dataset: string, split: ImageSplit, options: SampleOptions): EpisodeManifest {
  const { ways, shots, queries, key, first = 0 } = options
  return {
    dataset,
    split: split.name,
    splitHash: split.hash,
    ways,
    shots,
    queries,
    key: key.seed,
    first,
    episodes: sampleEpisodes(split, options),
  }
}

/** The episodes from position `start` up to, not including, `end`, as a manifest of their own. */
export function sliceManifest(manifest: EpisodeManifest, start: number, end?: number): EpisodeManifest {
  const from = Math.min(Math.max(start, 0), manifest.episodes.length)
  return { ...manifest, first: manifest.first + from, episodes: manifest.episodes.slice(from, end) }
}

/**
 * Checks that a manifest's episodes index this split.
 * @throws InputError when the split differs from the one that the manifest was drawn from.
 */
export function assertManifestMatches(manifest: EpisodeManifest, split: ImageSplit): void {
  const { dataset, splitHash } = manifest
  if (splitHash !== split.hash) {
    throw new InputError(
      `manifest of ${dataset} ${manifest.split} (${splitHash.slice(0, 12)}…) does not fit split ${split.name} ` +
        `(${split.hash.slice(0, 12)}…): their classes or images differ; use the data and split file it was drawn ` +
        `from, or draw a new manifest`,
    )
  }
  manifest.episodes.forEach((episode, position) => {
    const fault = episodeFault(episode, manifest) ?? indexFault(episode, split)
    if (fault) throw new InputError(`manifest of ${dataset} ${manifest.split}: episode ${position}: ${fault}`)
  })
}

/** What keeps an episode from being one of this shape; undefined when nothing does. */
export function episodeFault(episode: Episode, shape: EpisodeShape): string | undefined {
  const { classes, support, query } = episode
  const { ways, queries } = shape
  if (classes.length !== ways || support.length !== ways || query.length !== ways) {
    return `expected ${ways} ways, got ${classes.length} classes, ${support.length} supports, ${query.length} queries`
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
  return undefined
}

function indexFault({ classes, support, query }: Episode, split: ImageSplit): string | undefined {
  for (const [way, index] of classes.entries()) {
    const drawn = split.classes[index]
    if (!drawn) return `class ${index} does not exist, split ${split.name} has ${split.classes.length}`
    const highest = Math.max(...support[way]!, ...query[way]!)
    if (highest >= drawn.images.length) {
      return `image ${highest} of class ${drawn.name} does not exist, the class has ${drawn.images.length}`
    }
  }
  return undefined
}
