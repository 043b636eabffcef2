import { InputError, randomKey } from '@m2l/engine'
import type { LevelFusion } from '@m2l/metric'
import { assertEpisodesPossible, sampleEpisodes } from '@m2l/samplers'
import { EpisodeImages, episodeTask, trainEpisodes } from '@m2l/trainer'
import { createModel, episodeTransforms, storedRecipe } from '@m2l/model'
import { episodicOptimiser, episodicSchedule } from './run/optimisers.js'
import { notesOfSlowness, openRecipeDataset, requireSplit } from './data/recipe-data.js'
import { requireTrainable } from './model/onnx-model.js'
import { writeTrainingPage } from './pages/training-page.js'
import { openRun, type RecipeRunOptions, type TrainingReport } from './run/recipe-run.js'
import type { Recipe } from './recipe/read-recipe.js'
import { semiSupervision } from './data/semi-supervision.js'
import { initialWeights, loadInitialWeights } from './weights/initial-weights.js'

/**
 * Trains a recipe's model on episodes, validates it after each epoch and keeps the best.
 *
 * @throws {InputError} when the data, the run folder, the initial weights or a checkpoint cannot be used
 */
export async function trainRecipe(recipe: Recipe, options: RecipeRunOptions = {}): Promise<TrainingReport> {
  requireTrainable(recipe)
  const key = randomKey(recipe.seed).fold('training')
  const model = createModel(recipe)
  const optimiser = episodicOptimiser(recipe, model.state)
  try {
    requireTrainableLevels(recipe, model.metric)
    const dataset = await openRecipeDataset(recipe, ['train', 'val'], options)
    try {
      const transforms = episodeTransforms(recipe)
      const train = new EpisodeImages(dataset, requireSplit(recipe, dataset, 'train'), transforms)
      const val = new EpisodeImages(dataset, requireSplit(recipe, dataset, 'val'), transforms)
      const task = { ways: recipe.n_way, shots: recipe.k_shot }
      const episode = {
        ...task,
        queries: recipe.train.query_per_class_per_episode,
        ...semiSupervision(recipe, 'train'),
      }
      assertEpisodesPossible(train.split, episode)
      const episodes = sampleEpisodes(val.split, {
        ...task,
        queries: recipe.test.query_per_class_per_episode,
        ...semiSupervision(recipe, 'test'),
        episodes: recipe.val.episode,
        key: key.fold('validation'),
      })
      const held = [val.split, ...(dataset.splits.test ? [dataset.splits.test] : [])]
      const run = await openRun(
        recipe,
        options,
        { model: model.state, optimiser },
        {
          kind: 'training',
          data: { dataset, train: train.split, val: val.split },
          initialWeights: initialWeights(recipe),
          begin: () => loadInitialWeights(recipe, model.backbone.state, { ...options, held }),
        },
      )
      const { folder, settings, learned, notes } = run
      return await run.carryOut(() =>
        trainEpisodes({
          ...options,
          ...notesOfSlowness(options),
          ...run,
          model,
          optimiser,
          images: train,
          episode,
          episodesPerEpoch: recipe.train.episode_per_epoch,
          batchSize: recipe.train.batch_size,
          validation: { images: val, episodes },
          fixBatchNorm: recipe.train.fix_bn,
          description: {
            backbone: model.backbone.name,
            run: recipe.name,
            recipe: storedRecipe(recipe),
            settings,
            learned,
          },
          epochs: recipe.train.epochs,
          schedule: episodicSchedule(recipe),
          onEpoch: (reached) =>
            writeTrainingPage(folder, {
              recipe,
              kind: 'training',
              dataset: dataset.name,
              epochs: recipe.train.epochs,
              position: reached,
              notes,
              validated: episodeTask(task.ways, task.shots),
            }),
          key,
        }),
      )
    } finally {
      await dataset.close()
    }
  } finally {
    optimiser.dispose()
    model.dispose()
  }
}

/** @throws {InputError} when a level is for evaluation alone, or subtracts a mean that changes in training */
function requireTrainableLevels({ file }: Recipe, metric: LevelFusion): void {
  try {
    metric.requireTrainable()
    metric.requireReady()
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    throw new InputError(`${file}: ${error.message}`, { cause: error })
  }
}
