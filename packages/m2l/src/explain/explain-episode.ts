import { join } from 'node:path'
import { InputError } from '@m2l/engine'
import { openManifest } from '@m2l/samplers'
import { EpisodeImages } from '@m2l/trainer'
import { episodeTransforms, type EvaluatedModel } from '@m2l/model'
import { recipeClassNames } from '../class-names/recipe-class-names.js'
import type { AgreementOptions } from '../agreement/agreement.js'
import { openRecipeDataset, requireSplit, type DataOptions } from '../data/recipe-data.js'
import type { Recipe } from '../recipe/read-recipe.js'
import { weightsEvaluatedIn } from '../evaluation/result-files.js'
import { explainableModel, trainedModel } from '../model/trained-model.js'
import {
  drawExplanations,
  type DrawOptions,
  type ExplainedQueries,
  type ExplanationReport,
} from './draw-explanations.js'
import { episodeQueries, type ChosenQueries } from './episode-queries.js'

/** Which queries of an evaluated episode are explained. */
export interface ExplainEpisodeOptions
  extends DrawOptions, DataOptions, AgreementOptions, Pick<ChosenQueries, 'queries'> {
  /** The episode's position in the manifest, from 0. */
  readonly episode: number
  /** The manifest; that of the run folder if not given. */
  readonly manifest?: string
  /** Shipped weights by name, or a checkpoint; the best of the run folder if not given. */
  readonly weights?: string
}

/**
 * Explains what queries of an episode were taken for, and draws it.
 *
 * @throws {InputError} when the weights contradict the recipe and are not to be taken nevertheless, or the
 *   weights, the data or the manifest cannot be used, or there is no such episode or query
 */
export async function explainEpisode(
  asked: Recipe,
  options: ExplainEpisodeOptions,
): Promise<ExplanationReport> {
  const trained = await trainedModel(asked, options.weights, options)
  const { checkpoint, agreement, sha256, recipe } = trained // of an ONNX network with the input of its card
  const model = explainableModel(trained)
  try {
    const evaluated = options.manifest === undefined ? await weightsEvaluatedIn(recipe.folder) : undefined
    if (evaluated !== undefined && evaluated !== sha256)
      agreement.note(
        'is not what m2l evaluate predicted with in this run folder, so predictions may differ from its files',
      )
    const queries = await readEpisode(recipe, model, options)
    const { names: displayNames, notes } = await recipeClassNames(
      recipe,
      queries.classes.map(({ name }) => name),
    )
    for (const note of notes) options.onNote?.(note)
    const drawn = await drawExplanations(recipe, model, queries, {
      ...options,
      weights: checkpoint,
      displayNames,
    })
    return {
      weights: checkpoint,
      ...drawn,
      notes: [...agreement.notes, ...notes],
      unreadable: [],
      unreadableExamples: [],
    }
  } finally {
    model.dispose()
  }
}

async function readEpisode(
  recipe: Recipe,
  model: EvaluatedModel,
  options: ExplainEpisodeOptions,
): Promise<ExplainedQueries> {
  const { episode: position, queries, manifest = join(recipe.folder, 'test-manifest.jsonl') } = options
  const dataset = await openRecipeDataset(recipe, ['test'], options)
  try {
    const split = requireSplit(recipe, dataset, 'test')
    const images = new EpisodeImages(dataset, split, episodeTransforms(recipe))
    const { episodes } = (await openManifest(manifest)).of(split)
    const episode = episodes[position]
    if (!episode) {
      throw new InputError(
        `${manifest}: there is no episode ${position}; expected 0 to ${episodes.length - 1}`,
      )
    }
    return await episodeQueries(images, model, { position, episode, queries, manifest })
  } finally {
    await dataset.close()
  }
}
