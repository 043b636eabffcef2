import { InputError, randomKey, RandomKey } from '@m2l/engine'
import { assertEpisodesPossible, sampleEpisodes, type Episode, type EpisodeManifest } from '@m2l/samplers'
import type { ImageSplit } from '@m2l/datasets'

/** Episodes of a number of shots. */
export interface EpisodesOfShots {
  readonly shots: number
  /** Of each class; fewer than in the evaluation where a class has too few images. */
  readonly queries: number
  readonly episodes: readonly Episode[]
}

const shotCounts = [1, 2, 3, 5, 10]

/** Enough for half widths of about one and a half per cent. */
const mostEpisodes = 200

/**
 * Episodes like those of a manifest with 1, 2, 3, 5 and 10 shots and with its own, as far as every class of
 * the split has the images. Episode `i` has the same classes whatever the shots.
 *
 * @param seed of the recipe
 */
export function episodesByShots(
  manifest: EpisodeManifest,
  split: ImageSplit,
  seed: number,
): EpisodesOfShots[] {
  const { shots: own, ways, unlabelled } = manifest
  const counts = new Set([...shotCounts, ...(typeof own === 'number' ? [own] : [])])
  const key = randomKey(seed).fold('shots')
  const division = unlabelled && {
    unlabelled: { ...unlabelled, divisionKey: new RandomKey(unlabelled.divisionKey) },
  }
  return [...counts]
    .sort((a, b) => a - b)
    .flatMap((shots) => {
      const queries = mostQueries(split, manifest, shots)
      if (queries === 0) return []
      const episodes = Math.min(mostEpisodes, manifest.episodes.length)
      return {
        shots,
        queries,
        episodes: sampleEpisodes(split, { ways, shots, queries, ...division, key, episodes }),
      }
    })
}

/**
 * How many queries of each class are possible, at most as many as the manifest has; 0 where not even one is.
 */
function mostQueries(
  split: ImageSplit,
  { ways, queries, unlabelled }: EpisodeManifest,
  shots: number,
): number {
  for (let possible = queries; possible > 0; possible--) {
    try {
      assertEpisodesPossible(split, { ways, shots, queries: possible, unlabelled })
      return possible
    } catch (error) {
      if (!(error instanceof InputError)) throw error
    }
  }
  return 0
}
