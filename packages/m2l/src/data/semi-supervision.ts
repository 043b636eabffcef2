import type { ImageSplit } from '@m2l/datasets'
import { count, InputError, randomKey } from '@m2l/engine'
import { divideClass, type EpisodeOptions, type LabelDivision } from '@m2l/samplers'
import type { Recipe } from '../recipe/read-recipe.js'
import { hasDistractors } from '@m2l/model'

/**
 * The unlabelled images of a recipe's episodes, as a part of their options; nothing where the recipe has no
 * `semi` section. Which images are labelled depends on the recipe's seed alone, so that pretraining, training
 * and evaluation agree.
 *
 * @param phase `test` for validation, too
 */
export function semiSupervision(recipe: Recipe, phase: 'train' | 'test'): Pick<EpisodeOptions, 'unlabelled'> {
  const { semi } = recipe
  const division = labelDivision(recipe)
  if (!semi || !division) return {}
  const perClass = phase === 'train' ? semi.unlabeled_per_task_train : semi.unlabeled_per_task_test
  const distractorClasses = hasDistractors(recipe) ? semi.distractor_class : 0
  return { unlabelled: { ...division, perClass, distractorClasses } }
}

/**
 * What of a split pretraining may learn from: its labelled images.
 *
 * @throws {InputError} when no image of a class is labelled
 */
export function labelledSplit(recipe: Recipe, split: ImageSplit): ImageSplit {
  const division = labelDivision(recipe)
  if (!division) return split
  const classes = split.classes.map((ofClass) => {
    const images = divideClass(ofClass, division).labelled.map((index) => ofClass.images[index]!)
    if (images.length > 0) return { ...ofClass, images }
    throw new InputError(
      `split ${split.name}: class ${ofClass.name} has ${count(ofClass.images.length, 'image')}, of which a share of ${division.labelledShare} is none; raise semi.label_percentage, add images or leave the class out`,
    )
  })
  return { ...split, classes }
}

function labelDivision({ semi, seed }: Recipe): LabelDivision | undefined {
  return semi && { labelledShare: semi.label_percentage, divisionKey: randomKey(seed).fold('labels') }
}
