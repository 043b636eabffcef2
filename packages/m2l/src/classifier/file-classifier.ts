import {
  type Candidate,
  type ComparingOptions,
  type FeatureOptions,
  type FeatureSet,
  type ModelOptions,
  type ModelPictures,
  FewShotClassifier as PortableClassifier,
  type NamedImage,
} from '@m2l/classifier'
import { renderAhead } from '@m2l/datasets'
import { InputError, loadEngine } from '@m2l/engine'
import type { EvaluatedModel } from '@m2l/model'
import { readClasses, writeClasses } from '../classes/classes-file.js'
import { onnxWeights, requireNoCard } from '../model/onnx-model.js'
import { placed } from '../recipe/read-recipe.js'
import { requireComparison } from '../weights/require-comparison.js'
import { readStoredRecipe, recipeOfWeights } from '@m2l/model'
import { automatic, bringNamed, weightsAtHand } from '../weights/weights-at-hand.js'
import { weightsExist, weightsFile } from '../weights/weights-file.js'
import { featureMetric } from '../features/feature-metric.js'
import type { Recipe } from '../recipe/read-recipe.js'
import { fileImage } from './file-image.js'
import { loadCandidates, type LoadOptions } from './load-candidate.js'

/** How weights become a classifier. */
export interface ClassifierOptions extends LoadOptions, ComparingOptions {
  /** Told what a person should know, a line each; without it nobody is. */
  readonly onNote?: (line: string) => void
  readonly signal?: AbortSignal
}

/** A classifier whose weights and classes are files. */
export class FewShotClassifier extends PortableClassifier {
  /**
   * A classifier without classes. Loads the engine where that has not been done.
   *
   * @param weights a name of weights, see `shippedWeights` and `fetchableWeights`, or the path of a
   *   checkpoint, ours or PyTorch's, or of an ONNX network. If not given, those that there are: the best for
   *   photographs, which are fetched the first time, and the shipped ones; which of them see best is chosen
   *   by the examples, see {@link choose}
   * @throws {InputError} when they cannot be read, a card is given and they are not named, they do not say
   *   how their model is made and no recipe does, are of another, or contradict the recipe and are not to be
   *   taken nevertheless
   */
  static override async load(weights?: string, options: ClassifierOptions = {}): Promise<FewShotClassifier> {
    const named = weights ?? (options.recipe && onnxWeights(options.recipe))
    requireComparison({ ...options, weights: named })
    const isOpen = named === undefined || named === automatic
    if (isOpen) requireNoCard(options)
    if (isOpen && options.recipe) {
      throw new InputError(
        `${options.recipe.file}: is the recipe of weights, which are not named; name them, too (--weights NAME), or leave out the recipe`,
      )
    }
    await loadEngine()
    const names = isOpen ? await weightsAtHand(options) : [named]
    const candidates: Candidate[] = []
    const refusals: unknown[] = []
    for (const name of names) {
      try {
        candidates.push(...(await loadCandidates(name, options)))
      } catch (error) {
        // Features that a person names may be those of some weights alone.
        refusals.push(error)
        if (isOpen && error instanceof InputError) continue
        for (const candidate of candidates) candidate.dispose()
        throw error
      }
    }
    if (candidates.length === 0) throw refusals[0]
    return new FewShotClassifier(candidates, options)
  }

  /**
   * A classifier of saved classes, with the weights that the file names, which are fetched where they can be
   * and are not there, or others that are the same.
   *
   * @throws {InputError} when the file or the weights cannot be read, or do not belong together
   */
  static async open(
    file: string,
    { weights, ...options }: ClassifierOptions & { readonly weights?: string | undefined } = {},
  ): Promise<FewShotClassifier> {
    requireComparison({ ...options, weights })
    const saved = await readClasses(file)
    const named = weights ?? saved.weights
    if (named === undefined) {
      throw new InputError(`${file}: does not say what weights its classes belong to; name them (--weights)`)
    }
    if (weights === undefined) await bringNamed(named, `${file}: its classes belong to the weights `, options)
    if (weights === undefined && !weightsExist(weightsFile(named, '', `${file}: `))) {
      throw new InputError(
        `${file}: its classes belong to the weights ${named}, which are not there any more; name where they are (--weights)`,
      )
    }
    const isNeeded = saved.recipe !== undefined && options.recipe === undefined
    const recipe = isNeeded
      ? { recipe: placed(recipeOfWeights(file, readStoredRecipe(file, saved.recipe))) }
      : {}
    const card = options.card ?? (weights === undefined ? saved.card : undefined)
    const { head = saved.head, features = saved.features } = options
    const classifier = await FewShotClassifier.load(named, { ...options, ...recipe, card, head, features })
    try {
      await classifier.restore(saved, file)
      return classifier
    } catch (error) {
      classifier.dispose()
      throw error
    }
  }

  /**
   * A classifier of a model that a program has made, without classes; pictures are rendered by threads of
   * their own.
   *
   * @throws {InputError} when pictures cannot be made its input
   */
  static override fromModel<This extends typeof PortableClassifier>(
    this: This,
    model: EvaluatedModel,
    pictures: ModelPictures,
    options: ModelOptions = {},
  ): This['prototype'] {
    return super.fromModel.call(this, model, pictures, { render: renderAhead, ...options })
  }

  /**
   * A classifier by features of pictures that some network made, see `readFeatures`; their labels are its
   * classes. It takes pictures as their features, see `featuresAt`.
   *
   * @param options the recipe is that of the levels which compare them; if not given, a head is chosen by the
   *   examples
   * @throws {InputError} when a picture has no label, or a level needs what features do not have
   */
  static override async ofFeatures<This extends typeof PortableClassifier>(
    this: This,
    features: FeatureSet,
    { recipe, ...options }: FeatureOptions & { readonly recipe?: Recipe | undefined } = {},
  ): Promise<This['prototype']> {
    await loadEngine()
    const metric = recipe && featureMetric(features.map.shape.slice(1), recipe)
    return super.ofFeatures.call(this, features, { metric, ...options }) as Promise<This['prototype']>
  }

  /**
   * Saves the classes, as embeddings, in a safetensors file with a checksum, at once. It names the weights,
   * and the example files; {@link open} needs nothing else.
   *
   * @throws {InputError} when there are none or the file cannot be written
   */
  async save(file: string): Promise<void> {
    await writeClasses(file, await this.saved())
  }

  /**
   * Takes saved classes in place of those that there are.
   *
   * @throws {InputError} when the file cannot be read or is damaged, or its classes were saved with other
   *   weights
   */
  async load(file: string): Promise<void> {
    await this.restore(await readClasses(file), file)
  }

  protected override fileImage(path: string): NamedImage {
    return fileImage(path)
  }
}
