import { InputError, RandomKey } from '@m2l/engine'
import type { Episode, EpisodeShape, UnlabelledShape } from './episode.js'
import { divisionFault, episodeFault, indexFault } from './episode-fault.js'
import { classDivisions } from './label-division.js'
import { type SampleOptions, sampleEpisodes } from './sample-episodes.js'
import type { EpisodeSplit } from './possible-episodes.js'

/**
 * Episodes that can be written down and replayed: indices, and the hash of the split that they index.
 * Anyone who holds the same split evaluates the very same episodes.
 */
export interface EpisodeManifest extends EpisodeShape {
  /** Name of the data set, for people. */
  readonly dataset: string
  /** Name of the split. */
  readonly split: string
  /** `EpisodeSplit.hash`: hexadecimal SHA-256 over the split's class names and image ids. */
  readonly splitHash: string
  /** `RandomKey.seed` of the key that drew the episodes. */
  readonly key: readonly [number, number]
  /** Index in the key's stream of the first episode. */
  readonly first: number
  readonly unlabelled?: RecordedUnlabelled
  readonly episodes: readonly Episode[]
}

/** The unlabelled images of a manifest's episodes. */
export interface RecordedUnlabelled extends UnlabelledShape {
  /** `RandomKey.seed` of the key that divided each class's images into labelled and unlabelled ones. */
  readonly divisionKey: readonly [number, number]
}

/**
 * Draws the episodes of a manifest.
 * @param dataset name of the data set.
 * @throws InputError as {@link sampleEpisodes} does.
 */
export function sampleManifest(
  dataset: string,
  split: EpisodeSplit,
  options: SampleOptions,
): EpisodeManifest {
  const { ways, shots, queries, key, unlabelled, first = 0 } = options
  return {
    dataset,
    split: split.name,
    splitHash: split.hash,
    ways,
    shots,
    queries,
    key: key.seed,
    first,
    ...(unlabelled && { unlabelled: { ...unlabelled, divisionKey: unlabelled.divisionKey.seed } }),
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
export function assertManifestMatches(manifest: EpisodeManifest, split: EpisodeSplit): void {
  const { dataset, splitHash } = manifest
  if (splitHash !== split.hash) {
    throw new InputError(
      `manifest of ${dataset} ${manifest.split} (${splitHash.slice(0, 12)}…) does not fit split ${split.name} ` +
        `(${split.hash.slice(0, 12)}…): their classes or images differ; use the data and split file it was drawn ` +
        `from, or draw a new manifest`,
    )
  }
  const { unlabelled } = manifest
  const divided =
    unlabelled &&
    classDivisions(split.classes, { ...unlabelled, divisionKey: new RandomKey(unlabelled.divisionKey) })
  manifest.episodes.forEach((episode, position) => {
    const fault =
      episodeFault(episode, manifest) ??
      indexFault(episode, split) ??
      (divided && divisionFault(episode, split, divided))
    if (fault) throw new InputError(`manifest of ${dataset} ${manifest.split}: episode ${position}: ${fault}`)
  })
}
