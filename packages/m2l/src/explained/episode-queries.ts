import { join } from 'node:path'
import type { ImageRecord } from '@m2l/datasets'
import { InputError } from '@m2l/engine'
import type { NamedPicture } from '@m2l/explain'
import type { Episode } from '@m2l/samplers'
import { EpisodeImages, type FewShotModel } from '@m2l/trainer'
import { replayedManifest } from '../evaluate-recipe.js'
import { episodeTransforms, openRecipeDataset, requireSplit, type DataOptions } from '../recipe-data.js'
import type { Recipe } from '../recipe/read-recipe.js'
import type { ExplainedQueries } from './explained-queries.js'

/** Queries of an episode that was evaluated. */
export interface EpisodeQueries {
  /** The episode's position in the manifest, from 0. */
  readonly episode: number
  /** The queries' positions in the episode, from 0, in the order of their classes as in the predictions. */
  readonly queries: readonly number[]
  /** The manifest; that of the run folder if not given. */
  readonly manifest?: string
}

/** @throws {InputError} when the manifest cannot be used, or has no such episode or query */
export async function openEpisode(
  recipe: Recipe,
  model: FewShotModel,
  { episode: position, queries, manifest: file = join(recipe.folder, 'test-manifest.jsonl') }: EpisodeQueries,
  options: DataOptions,
): Promise<ExplainedQueries> {
  const dataset = await openRecipeDataset(recipe, ['test'], options)
  try {
    const split = requireSplit(recipe, dataset, 'test')
    const images = new EpisodeImages(dataset, split, episodeTransforms(recipe))
    const { episodes } = await replayedManifest(file, images)
    const episode = at(episodes, position, `${file}: there is no episode ${position}`)
    const named = async (records: readonly ImageRecord[]): Promise<NamedPicture[]> => {
      const pictures = await dataset.readMany(records)
      return records.map(({ id }, index) => ({ name: id, picture: pictures[index]! }))
    }
    const className = (label: number) => split.classes[episode.classes[label]!]!.name
    const classes = episode.support.map(async (ofClass, label) => ({
      name: className(label),
      pictures: await named(ofClass.map((image) => images.record(episode.classes[label]!, image))),
    }))
    const unlabelled =
      model.viewsOfUnlabelled.length > 0
        ? await named((episode.unlabelled ?? []).map((image) => images.record(...image)))
        : []
    const all = queriesOf(episode)
    const chosen = queries.map(async (query) => {
      const [label, image] = at(all, query, `${file}: episode ${position} has no query ${query}`)
      const [picture] = await named([images.record(episode.classes[label]!, image)])
      return { ...picture!, truth: className(label), fileName: `episode-${position}-query-${query}` }
    })
    return {
      support: { classes: await Promise.all(classes), unlabelled },
      queries: await Promise.all(chosen),
    }
  } finally {
    await dataset.close()
  }
}

function queriesOf({ query }: Episode): (readonly [label: number, image: number])[] {
  return query.flatMap((ofClass, label) => ofClass.map((image) => [label, image] as const))
}

function at<Item>(items: readonly Item[], position: number, complaint: string): Item {
  const item = items[position]
  if (item === undefined) throw new InputError(`${complaint}; expected 0 to ${items.length - 1}`)
  return item
}
