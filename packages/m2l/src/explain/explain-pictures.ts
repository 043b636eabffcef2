import { decodeImageFile } from '@m2l/datasets'
import { InputError } from '@m2l/engine'
import type { SupportClass } from '@m2l/explain'
import { fileExists, readCheckpoint } from '@m2l/trainer'
import { defaultWeights } from '../classifier/classify-pictures.js'
import { readAtTimes } from '../classifier/few-shot-classifier.js'
import { readGivenImage } from '../classifier/given-image.js'
import { queryPictures } from '../classifier/query-pictures.js'
import { openSupport, type SupportPictures } from '../classifier/support-pictures.js'
import type { Recipe } from '../recipe/read-recipe.js'
import { trainedModel } from '../trained-model.js'
import { ownName } from '../weights/published-names.js'
import { weightsFile } from '../weights/shipped-weights.js'
import { recipeOfWeights } from '../weights/stored-recipe.js'
import {
  drawExplanations,
  explainQueries,
  type DrawOptions,
  type ExplainQueriesOptions,
  type ExplanationReport,
} from './draw-explanations.js'
import { bareName } from './file-names.js'

/** Whose classification is explained. */
export interface PicturesToExplain {
  /** A folder or archive with a folder for each class, or a table of `filename,label`. */
  readonly support: string
  /** Folders, tables and files of pictures. */
  readonly query: readonly string[]
  /**
   * Shipped weights by name, or a checkpoint. If not given those for photographs, or with a recipe the best of its run
   * folder.
   */
  readonly weights?: string
  /** How the model is made that the weights belong to; needed where these do not say so themselves. */
  readonly recipe?: Recipe
}

/** Whose classification is explained, and where it is drawn. */
export interface ExplainPicturesOptions extends PicturesToExplain, DrawOptions {
  /** Told what a person should know of the pictures. */
  readonly onNote?: (line: string) => void
}

/**
 * Explains what pictures are taken for by folders of examples, and draws it. All examples are held in memory.
 *
 * @throws {InputError} when weights, examples or a picture cannot be used
 */
export async function explainPictures(options: ExplainPicturesOptions): Promise<ExplanationReport> {
  const { recipe, model, checkpoint, explained, notes } = await openPictures(options)
  try {
    for (const note of notes) options.onNote?.(note)
    return { weights: checkpoint, explanations: await drawExplanations(recipe, model, explained, options) }
  } finally {
    model.dispose()
  }
}

/**
 * The same without files: each explanation with its drawing, an SVG document, one after the other.
 *
 * @throws {InputError} when weights, examples or a picture cannot be used
 */
export async function* drawnPictures(
  pictures: PicturesToExplain,
  options: ExplainQueriesOptions = {},
): ReturnType<typeof explainQueries> {
  const { recipe, model, explained } = await openPictures(pictures)
  try {
    yield* explainQueries(recipe, model, explained, options)
  } finally {
    model.dispose()
  }
}

/** Opens the model, which the caller frees, and reads the examples. */
async function openPictures(options: PicturesToExplain) {
  const weights = options.weights ?? (options.recipe ? undefined : defaultWeights)
  const recipe = options.recipe ?? (await storedRecipeOf(weights!))
  const reduceTo = readAtTimes * recipe.data.image_size
  const support = await openSupport(options.support, reduceTo)
  let classes: SupportClass[]
  try {
    classes = await picturesOf(support, reduceTo)
  } finally {
    await support.close()
  }
  const { pictures, notes } = await queryPictures(options.query, new Set(support.classes.keys()))
  const queries = pictures.map(({ file, truth }) => ({
    name: file,
    fileName: bareName(file),
    ...(truth != null && { truth }),
    read: () => decodeImageFile(file, { reduceTo }),
  }))
  const trained = await trainedModel(recipe, weights)
  return { recipe, ...trained, explained: { classes, queries }, notes: [...support.notes, ...notes] }
}

async function storedRecipeOf(weights: string): Promise<Recipe> {
  const file = weightsFile(weights)
  if (!(await fileExists(file))) {
    throw new InputError(`${weights}: there are no such weights; name shipped ones or a checkpoint's file`)
  }
  const { metadata } = await readCheckpoint(file, ownName)
  return recipeOfWeights(weights, metadata.recipe)
}

async function picturesOf(support: SupportPictures, reduceTo: number): Promise<SupportClass[]> {
  const classes: SupportClass[] = []
  for (const [label, count] of support.classes) {
    const given = await support.read(label, 0, count)
    const pictures = given.map(async (image, position) => {
      const name = support.nameOf(label, position)
      return { name, picture: await readGivenImage(image, name, { reduceTo }) }
    })
    classes.push({ name: label, pictures: await Promise.all(pictures) })
  }
  return classes
}
