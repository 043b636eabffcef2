import { comparisonOf, type ClassifierChoice, fusionOfHeads } from '@m2l/classifier'
import { InputError } from '@m2l/engine'
import type { LevelFusion } from '@m2l/metric'
import { openClassifier, openExamples } from '../classifier/open-examples.js'
import { requirePlaces } from '../classifier/require-places.js'
import { isFeatureFile } from '../features/feature-file.js'
import { modelOfWeights, trainedModel, type TrainedModel } from '../model/trained-model.js'
import { automatic } from '../weights/weights-at-hand.js'
import type { ExplainPicturesOptions, PicturesToExplain } from './explain-pictures.js'

/** A model as a classifier compares by it. */
export interface ComparedBy extends TrainedModel {
  /** The heads that were fitted to the examples; nothing where the model's own levels compare. */
  readonly metric: LevelFusion | undefined
  readonly views: 'whole' | 'crops'
  /** What was chosen by the examples, a line, where it was chosen here. */
  readonly reasons: readonly string[]
}

type Options = PicturesToExplain & Pick<ExplainPicturesOptions, 'onNote' | 'onExamples' | 'signal'>

/**
 * What a classifier by the same examples compares by: weights, and the heads that it fits to them. The model
 * is the caller's.
 *
 * @throws {InputError} when weights or examples cannot be used
 */
export async function comparedBy(options: Options): Promise<ComparedBy> {
  const { support, recipe, weights, card, head, features } = options
  if (isFeatureFile(support)) {
    throw new InputError(`${support}: are features, without pictures to draw over; name the pictures`)
  }
  if (!options.choice) await requirePlaces(options, options.query)
  const isOpen = recipe === undefined && (weights === undefined || weights === automatic)
  const chosen = options.choice ?? (isOpen ? await chooseByExamples(options) : undefined)
  const named = chosen?.weights ?? weights
  const by = { force: options.force ?? false, card, head, features }
  const trained = recipe ? await trainedModel(recipe, named, by) : await modelOfWeights(named!, undefined, by)
  try {
    const comparison = comparisonOf(trained.model, trained.recipe)
    const isFitted = 'ranges' in comparison
    const fitted = isFitted && !chosen ? { ...options, weights: trained.checkpoint } : undefined
    const choice = chosen ?? (fitted && (await chooseByExamples(fitted)))
    return {
      ...trained,
      metric: isFitted ? fusionOfHeads(choice!.heads, comparison.ranges) : undefined,
      views: choice?.views ?? (options.views === 'crops' ? 'crops' : 'whole'),
      reasons: options.choice || !choice ? [] : [choice.reason],
    }
  } catch (error) {
    trained.model.dispose()
    throw error
  }
}

async function chooseByExamples(options: Options): Promise<ClassifierChoice> {
  const signal = options.signal ? { signal: options.signal } : {}
  const { classifier } = await openClassifier(options)
  try {
    const examples = await openExamples(classifier, undefined, {
      support: options.support,
      onProgress: (_, done, total) => options.onExamples?.(done, total),
      ...signal,
    })
    await examples.add()
    return await classifier.choose(signal)
  } finally {
    classifier.dispose()
  }
}
