import { join } from 'node:path'
import type { ImageRecord } from '@m2l/datasets'
import { InputError } from '@m2l/engine'
import type { NamedPicture } from '@m2l/explain'
import type { Episode } from '@m2l/samplers'
import { EpisodeImages, type FewShotModel } from '@m2l/trainer'
import { replayedManifest } from '../evaluate-recipe.js'
import { episodeTransforms, openRecipeDataset, requireSplit, type DataOptions } from '../recipe-data.js'
import type { Recipe } from '../recipe/read-recipe.js'
import { trainedModel } from '../trained-model.js'
import {
  drawExplanations,
  type DrawOptions,
  type ExplainedQueries,
  type ExplanationReport,
} from './draw-explanations.js'

/** Which queries of an evaluated episode are explained. */
export interface ExplainEpisodeOptions extends DrawOptions, DataOptions {
  /** The episode's position in the manifest, from 0. */
  readonly episode: number
  /** The queries' positions in the episode, from 0, in the order of their classes as in the predictions. */
  readonly queries: readonly number[]
  /** The manifest; that of the run folder if not given. */
  readonly manifest?: string
  /** Shipped weights by name, or a checkpoint; the best of the run folder if not given. */
  readonly weights?: string
}

/**
 * Explains what queries of an episode were taken for, and draws it.
 *
 * @throws {InputError} when the weights, the data or the manifest cannot be used, or there is no such episode or query
 */
export async function explainEpisode(
  recipe: Recipe,
  options: ExplainEpisodeOptions,
): Promise<ExplanationReport> {
  const { model, checkpoint } = await trainedModel(recipe, options.weights)
  try {
    const episode = await readEpisode(recipe, model, options)
    return { weights: checkpoint, explanations: await drawExplanations(recipe, model, episode, options) }
  } finally {
    model.dispose()
  }
}

async function readEpisode(
  recipe: Recipe,
  model: FewShotModel,
  options: ExplainEpisodeOptions,
): Promise<ExplainedQueries> {
  const { episode: position, manifest: file = join(recipe.folder, 'test-manifest.jsonl') } = options
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
    const record = (label: number, image: number) => images.record(episode.classes[label]!, image)
    const isSeen = model.viewsOfUnlabelled.length > 0
    const unlabelled = isSeen ? (episode.unlabelled ?? []).map((image) => images.record(...image)) : []
    const all = queriesOf(episode)
    const asked = options.queries.map(
      (query) => [query, at(all, query, `${file}: episode ${position} has no query ${query}`)] as const,
    )
    const classes = episode.support.map(async (ofClass, label) => ({
      name: className(label),
      pictures: await named(ofClass.map((image) => record(label, image))),
    }))
    const queries = asked.map(async ([query, [label, image]]) => {
      const [{ name, picture }] = (await named([record(label, image)])) as [NamedPicture]
      const fileName = `episode-${position}-query-${query}`
      return { name, fileName, truth: className(label), read: async () => picture }
    })
    const [ofClasses, ofUnlabelled, ofQueries] = await Promise.all([
      Promise.all(classes),
      named(unlabelled),
      Promise.all(queries),
    ])
    return { classes: ofClasses, unlabelled: ofUnlabelled, queries: ofQueries }
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
