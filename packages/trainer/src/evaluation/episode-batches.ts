import type { Episode } from '@m2l/samplers'

/** Episodes of equal layout: as many shots and queries of each way, as many unlabelled images. */
export interface EpisodeBatch {
  readonly episodes: readonly Episode[]
  /** Where each was among all episodes. */
  readonly positions: readonly number[]
}

/**
 * Episodes in batches of exactly `size` as far as their layouts allow; those that are left over come one by
 * one, so that every layout takes two graphs at most.
 */
export function episodeBatches(episodes: readonly Episode[], size: number): EpisodeBatch[] {
  const byLayout = new Map<string, number[]>()
  for (const [position, episode] of episodes.entries()) {
    const layout = layoutOf(episode)
    const positions = byLayout.get(layout)
    if (positions) positions.push(position)
    else byLayout.set(layout, [position])
  }
  return [...byLayout.values()].flatMap((positions) =>
    inFullSlices(positions, size).map((slice) => ({
      episodes: slice.map((position) => episodes[position]!),
      positions: slice,
    })),
  )
}

/** The way of each query of an episode. */
export function labelsOf({ query }: Episode): number[] {
  return query.flatMap((ofClass, label) => ofClass.map(() => label))
}

function layoutOf({ support, query, unlabelled }: Episode): string {
  const counts = (images: Episode['support']) => images.map((ofClass) => ofClass.length).join(' ')
  return `${counts(support)}; ${counts(query)}; ${unlabelled?.length ?? 'none'}`
}

function inFullSlices(positions: readonly number[], size: number): number[][] {
  const slices: number[][] = []
  for (let start = 0; start < positions.length;) {
    const length = start + size <= positions.length ? size : 1
    slices.push(positions.slice(start, start + length))
    start += length
  }
  return slices
}
