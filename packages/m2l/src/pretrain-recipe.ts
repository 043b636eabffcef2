import type { ImageSplit } from '@m2l/datasets'
import { count, InputError, randomKey } from '@m2l/engine'
import { disposeState, Linear } from '@m2l/nn'
import { sampleEpisodes } from '@m2l/samplers'
import { addBaseMean, classifierState, EpisodeImages, episodeTask, pretrain } from '@m2l/trainer'
import {
  asksForBaseMean,
  createModel,
  createRecipeBackbone,
  episodeTransforms,
  pretrainingTransforms,
} from '@m2l/model'
import { pretrainingOptimiser, pretrainingSchedule } from './run/optimisers.js'
import { notesOfSlowness, openRecipeDataset, requireSplit } from './data/recipe-data.js'
import { requireTrainable } from './model/onnx-model.js'
import { writeTrainingPage } from './pages/training-page.js'
import { openRun, type RecipeRunOptions, type TrainingReport } from './run/recipe-run.js'
import type { Recipe } from './recipe/read-recipe.js'
import { labelledSplit } from './data/semi-supervision.js'

/** Classes, shots and queries of a validation episode of pretraining, as published. */
const validationEpisode = { ways: 16, shots: 1, queries: 15 }

/**
 * Pretrains a recipe's backbone as a classifier of all training classes, from their labelled images; its best
 * one is `best.safetensors` in the run folder, from which episodic training starts.
 *
 * @throws {InputError} when the data, the run folder or a checkpoint cannot be used
 */
export async function pretrainRecipe(
  recipe: Recipe,
  options: RecipeRunOptions = {},
): Promise<TrainingReport> {
  requireTrainable(recipe)
  const key = randomKey(recipe.seed).fold('pretraining')
  const dataset = await openRecipeDataset(recipe, ['train', 'val'], options)
  const backbone = createRecipeBackbone(recipe, key.fold('encoder'))
  try {
    const train = labelledSplit(recipe, requireSplit(recipe, dataset, 'train'))
    const val = requireSplit(recipe, dataset, 'val')
    compareClassCount(recipe, train, options.onNote)
    const { pre } = recipe
    const classifier = new Linear({
      key: key.fold('classifier'),
      inputs: backbone.channels,
      outputs: train.classes.length,
    })
    const model = classifierState({ backbone, classifier })
    const optimiser = pretrainingOptimiser(model)
    try {
      const ways = Math.min(validationEpisode.ways, val.classes.length)
      const episodes = sampleEpisodes(val, {
        ...validationEpisode,
        ways,
        queries: Math.min(validationEpisode.queries, fewestImages(val.classes) - 1),
        episodes: pre.val_episode,
        key: key.fold('validation'),
      })
      const data = { dataset, train, val }
      const run = await openRun(recipe, options, { model, optimiser }, { kind: 'pretraining', data })
      const { folder, settings, learned, notes } = run
      const description = { backbone: backbone.name, run: recipe.name, settings, learned }
      return await run.carryOut(async () => {
        const outcome = await pretrain({
          ...options,
          ...notesOfSlowness(options),
          ...run,
          backbone,
          classifier,
          optimiser,
          images: new EpisodeImages(dataset, train, pretrainingTransforms(recipe)),
          batchSize: pre.batch_size,
          validation: {
            images: new EpisodeImages(dataset, val, episodeTransforms(recipe)),
            episodes,
            firstEpoch: Math.max(1, pre.snapshot_epoch),
            everyEpochs: pre.snapshot_interval,
          },
          description,
          epochs: pre.epochs,
          schedule: pretrainingSchedule(recipe),
          onEpoch: (reached) =>
            writeTrainingPage(folder, {
              recipe,
              kind: 'pretraining',
              dataset: dataset.name,
              epochs: pre.epochs,
              position: reached,
              notes,
              validated: episodeTask(ways, validationEpisode.shots),
            }),
          key,
        })
        if (outcome.completed && asksForMean(recipe)) {
          const seen = new EpisodeImages(dataset, train, episodeTransforms(recipe))
          await addBaseMean(folder.best, {
            ...options,
            ...notesOfSlowness(options),
            backbone,
            images: seen,
            description,
          })
        }
        return outcome
      })
    } finally {
      optimiser.dispose()
      disposeState(classifier.state)
    }
  } finally {
    backbone.dispose()
    await dataset.close()
  }
}

/** Whether a level of the recipe subtracts the mean feature of the training classes. */
function asksForMean(recipe: Recipe): boolean {
  const model = createModel(recipe)
  const asks = asksForBaseMean(model.metric.state)
  model.dispose()
  return asks
}

/** The published number of classes is the default, and says nothing of other data. */
const publishedClasses = 64

/** Tells where the recipe states another number of classes than the data have, which count. */
function compareClassCount(
  { file, pre }: Recipe,
  { classes }: ImageSplit,
  onNote = (_line: string) => {},
): void {
  const { pretrain_num_class: stated } = pre
  if (stated === publishedClasses || stated === classes.length) return
  onNote(
    `${file}: pre.pretrain_num_class is ${stated}, but the training split has ${count(classes.length, 'class')}, which count`,
  )
}

function fewestImages(classes: readonly { name: string; images: readonly unknown[] }[]): number {
  const [smallest] = [...classes].sort((a, b) => a.images.length - b.images.length)
  if (!smallest || smallest.images.length < 2) {
    throw new InputError(
      `validation class ${smallest?.name ?? '(none)'} has ${count(smallest?.images.length ?? 0, 'image')}; validation needs at least 2 a class, so leave it out of the split`,
    )
  }
  return smallest.images.length
}
