import { resolve } from 'node:path'
import { InputError, loadEngine } from '@m2l/engine'
import { disposeState } from '@m2l/nn'
import { networkOf, type EvaluatedModel, type OnEager } from '@m2l/trainer'
import type { AgreementOptions } from '../agreement/agreement.js'
import { didYouMean } from '../nearest-name.js'
import type { OnnxOptions } from '../onnx-model.js'
import { episodeTransforms } from '../recipe-data.js'
import type { Recipe } from '../recipe/read-recipe.js'
import { modelOfWeights } from '../trained-model.js'
import { weightsExist, weightsFile } from '../weights/weights-file.js'
import { recipeOfWeights, storedRecipe } from '../weights/stored-recipe.js'
import { readClasses, requireOfModel, writeClasses } from '../classes/classes-file.js'
import { joinClass, type Example, type SavedClass, type SavedClasses } from '../classes/saved-classes.js'
import { embedderOf } from '../features/feature-embedder.js'
import { featureMetric } from '../features/feature-metric.js'
import { labelledFeatures, type FeatureSet } from '../features/feature-set.js'
import { classifications, type Classification } from './classification.js'
import { disposeEmbedding, imageCount, joinImages, type EmbeddedImages } from './embedded-images.js'
import type { Embedder } from './embedder.js'
import type { GivenImage } from './given-image.js'
import {
  ImageEmbedder,
  readAtTimes,
  type EmbeddedBatch,
  type EmbedOptions,
  type OnUnreadable,
} from './image-embedder.js'
import { supportOf, type LabelledImages } from './labelled-images.js'
import { leaveOneOut, type LeaveOneOut } from './leave-one-out.js'
import { modelFingerprint, readingOf, type ModelPictures } from './model-pictures.js'
import { notedImage } from './noted-image.js'
import { probabilitiesOf, scoreQueries } from './scores.js'
import type { ShotCounts } from './shot-counts.js'

/** How weights become a classifier. */
export interface ClassifierOptions extends AgreementOptions, OnnxOptions {
  /** How the model is made that the weights belong to; needed where these do not say so themselves. */
  readonly recipe?: Recipe
  /** What becomes of different numbers of examples; `neutral` if not given, so that further examples of a class never hurt. */
  readonly counts?: ShotCounts
  /** See `GraphFunctionOptions` of `@m2l/engine`. */
  readonly onEager?: OnEager
}

/** How images are classified. */
export interface ClassifyOptions extends EmbedOptions {
  /** Told the embeddings of images as they are made, a batch at a time. */
  readonly onEmbedded?: (batch: EmbeddedBatch) => void
}

/** A class of a classifier. */
export interface ClassifierClass {
  readonly label: string
  /** The number of its examples. */
  readonly images: number
}

/** What of saved classes says where their weights come from. */
type Origin = Pick<SavedClasses, 'weights' | 'recipe'>

/** What levels make of all examples they make anew for each so many images. */
const comparedAtOnce = 128

/**
 * Tells images of classes apart of which it was given a few examples: a trained model, and the embeddings of the examples.
 *
 * Images are read, embedded and compared in batches of 16, or of 64 where no level asks for parts, with three batches in memory at
 * a time, and cosines within the bound of the levels. So a process stays below 1 GiB at 32x32 and below 1.5 GiB at 84x84 with
 * Conv-64F-4x, however many images it classifies and however large they are.
 */
export class FewShotClassifier {
  readonly #model: Pick<EvaluatedModel, 'metric' | 'dispose'>
  readonly #embedder: Embedder
  readonly #counts: ShotCounts
  readonly #origin: Origin
  #classes: ReadonlyMap<string, SavedClass> = new Map()
  #known: EmbeddedImages | undefined
  #isDisposed = false

  private constructor(
    model: Pick<EvaluatedModel, 'metric' | 'dispose'>,
    embedder: Embedder,
    { counts = 'neutral', origin = {} }: Pick<ClassifierOptions, 'counts'> & { readonly origin?: Origin },
  ) {
    this.#model = model
    this.#embedder = embedder
    this.#counts = counts
    this.#origin = origin
  }

  /**
   * A classifier without classes. Loads the engine where that has not been done.
   *
   * @param weights the name of shipped or fetched weights, the path of a checkpoint, ours or PyTorch's, or of an ONNX network
   * @throws {InputError} when they cannot be read, do not say how their model is made and no recipe does, are of another, or
   *   contradict the recipe and are not to be taken nevertheless
   */
  static async load(weights: string, options: ClassifierOptions = {}): Promise<FewShotClassifier> {
    await loadEngine()
    const { model, recipe, fingerprint } = await modelOfWeights(weights, options.recipe, options)
    const embedder = new ImageEmbedder({
      network: networkOf(model, options.onEager),
      views: model.views,
      transforms: episodeTransforms(recipe),
      reduceTo: readAtTimes * recipe.data.image_size,
      fingerprint,
    })
    const origin = {
      weights: lastingName(weights),
      ...(options.recipe && { recipe: storedRecipe(options.recipe) }),
    }
    return new FewShotClassifier(model, embedder, { ...options, origin })
  }

  /**
   * A classifier of a model that a program has made, without classes. The model is the classifier's from then on.
   *
   * @param pictures how they become its input
   * @throws {InputError} when they cannot be made so, or a level looks at parts of pictures and nothing makes any
   */
  static fromModel(
    model: EvaluatedModel,
    pictures: ModelPictures,
    { counts, onEager }: Pick<ClassifierOptions, 'counts' | 'onEager'> = {},
  ): FewShotClassifier {
    const reading = readingOf(model, pictures)
    const fingerprint = modelFingerprint(model, reading)
    const embedder = new ImageEmbedder({ network: networkOf(model, onEager), ...reading, fingerprint })
    return new FewShotClassifier(model, embedder, { ...(counts && { counts }) })
  }

  /**
   * A classifier of saved classes, with the weights that the file names or others that are the same.
   *
   * @throws {InputError} when the file or the weights cannot be read, or do not belong together
   */
  static async open(
    file: string,
    { weights, ...options }: ClassifierOptions & { readonly weights?: string | undefined } = {},
  ): Promise<FewShotClassifier> {
    const saved = await readClasses(file)
    const named = weights ?? saved.weights
    if (named === undefined) {
      throw new InputError(`${file}: does not say what weights its classes belong to; name them (--weights)`)
    }
    if (weights === undefined && !weightsExist(weightsFile(named, '', `${file}: `))) {
      throw new InputError(
        `${file}: its classes belong to the weights ${named}, which are not there any more; name where they are (--weights)`,
      )
    }
    const isNeeded = saved.recipe !== undefined && options.recipe === undefined
    const recipe = isNeeded ? { recipe: recipeOfWeights(file, saved.recipe) } : {}
    const classifier = await FewShotClassifier.load(named, { ...options, ...recipe })
    try {
      await classifier.#restore(file, saved)
      return classifier
    } catch (error) {
      classifier.dispose()
      throw error
    }
  }

  /**
   * A classifier by features of pictures that some network made, see `readFeatures`; their labels are its classes. It takes pictures
   * as their features, see `featuresAt`.
   *
   * @param options the recipe is that of the levels which compare them: by default cosines with class means
   * @throws {InputError} when a picture has no label, or a level needs what features do not have
   */
  static async ofFeatures(
    features: FeatureSet,
    options: Pick<ClassifierOptions, 'recipe' | 'counts'> = {},
  ): Promise<FewShotClassifier> {
    await loadEngine()
    const metric = featureMetric(features.map.shape.slice(1), options.recipe)
    const model = { metric, dispose: () => disposeState(metric.state) }
    const classifier = new FewShotClassifier(model, embedderOf(features), options)
    await classifier.addFeatures(features)
    return classifier
  }

  /** The classes, in the order in which they were added. */
  get classes(): readonly ClassifierClass[] {
    return [...this.#classes].map(([label, { images }]) => ({ label, images: imageCount(images) }))
  }

  /** What is known of the pictures of each class, in the order in which they were added. */
  get examples(): ReadonlyMap<string, readonly Example[]> {
    return new Map([...this.#classes].map(([label, { examples }]) => [label, examples]))
  }

  /** Pictures whose shorter side is at least twice so many pixels are reduced to it while they are read. */
  get readsAt(): number {
    return this.#embedder.reduceTo
  }

  /**
   * Adds examples of a class, a new one or one that is there already. Nothing is added unless all of them can be read.
   *
   * @throws {InputError} naming the first picture that cannot be read, or when there is none
   */
  async add(label: string, images: readonly GivenImage[], options: EmbedOptions = {}): Promise<void> {
    await this.#add(label, images, options)
  }

  /**
   * As {@link add}, but pictures that cannot be read are left out.
   *
   * @returns why each of these cannot be read, by its position in the list
   * @throws {InputError} when none can be read, or there is none
   */
  async addReadable(
    label: string,
    images: readonly GivenImage[],
    options: EmbedOptions = {},
  ): Promise<ReadonlyMap<number, InputError>> {
    const failures = new Map<number, InputError>()
    await this.#add(label, images, options, (position, error) => failures.set(position, error))
    return failures
  }

  /**
   * Adds examples that are given as features, each to the class of its label; only to a classifier of features.
   *
   * @throws {InputError} when a picture has no label, or they are of another network; nothing is added then
   */
  async addFeatures(features: FeatureSet): Promise<void> {
    const before = this.#classes
    try {
      for (const [label, images] of labelledFeatures(features)) await this.#add(label, images, {})
    } catch (error) {
      this.#classes = before
      throw error
    }
  }

  /**
   * Forgets a class.
   *
   * @throws {InputError} when there is none of this label
   */
  remove(label: string): void {
    const classes = new Map(this.#classes)
    if (!classes.delete(label.normalize('NFC'))) {
      const labels = [...classes.keys()]
      throw new InputError(
        `there is no class ${label}${didYouMean(label, labels) || `; there are ${labels.join(', ') || 'none'}`}`,
      )
    }
    this.#classes = classes
  }

  /**
   * Classifies images by the examples that there are when it is called.
   *
   * @returns what it says of each image, in their order
   * @throws {InputError} when there are fewer than two classes, or naming the first picture that cannot be read
   */
  async classify(images: readonly GivenImage[], options: ClassifyOptions = {}): Promise<Classification[]> {
    return (await this.#classify(images, options)) as Classification[]
  }

  /**
   * As {@link classify}, but a picture that cannot be read only fails itself.
   *
   * @returns for each image what it says, or why it cannot be read
   * @throws {InputError} when there are fewer than two classes
   */
  async classifyReadable(
    images: readonly GivenImage[],
    options: ClassifyOptions = {},
  ): Promise<(Classification | InputError)[]> {
    const failures = new Map<number, InputError>()
    const results = await this.#classify(images, options, (position, error) => failures.set(position, error))
    return results.map((result, position) => result ?? failures.get(position)!)
  }

  /**
   * What the examples say of each other: each is left out in turn, and once more with its whole class. It tells how good the
   * classifier is before any other image is there, and calibrates `Familiarity`.
   *
   * @throws {InputError} when there are fewer than two classes
   */
  async leaveOneOut({ signal }: Pick<EmbedOptions, 'signal'> = {}): Promise<LeaveOneOut> {
    return leaveOneOut(this.#model.metric, this.#requireClasses(), { counts: this.#counts, signal })
  }

  /**
   * The embeddings of pictures as plain numbers: what levels compare, a `map` [pictures, height, width, channels] and, where a
   * level needs them, `parts` [pictures, parts, channels].
   *
   * @throws {InputError} naming the first picture that cannot be read, or when there is none
   */
  async embed(images: readonly GivenImage[], options: EmbedOptions = {}): Promise<EmbeddedImages> {
    const { images: embedded } = await this.#embed(images, options)
    return embedded
  }

  /**
   * As {@link embed}, but a picture that cannot be read is only left out.
   *
   * @returns the embeddings of the others with their positions in the list, and why each of these cannot be read, by its own
   * @throws {InputError} when none can be read, or there is none
   */
  async embedReadable(
    images: readonly GivenImage[],
    options: EmbedOptions = {},
  ): Promise<EmbeddedBatch & { readonly failures: ReadonlyMap<number, InputError> }> {
    const failures = new Map<number, InputError>()
    const embedded = await this.#embed(images, options, (position, error) => failures.set(position, error))
    return { ...embedded, failures }
  }

  /**
   * As {@link embed}, batch by batch, so that memory does not grow with the number of pictures.
   *
   * @param onUnreadable called with each picture that cannot be read; without it, the first one ends all
   * @throws {InputError} naming the first picture that cannot be read
   */
  embedBatches(
    images: readonly GivenImage[],
    options: EmbedOptions = {},
    onUnreadable?: OnUnreadable,
  ): AsyncGenerator<EmbeddedBatch> {
    this.#requireUse()
    return this.#embedder.embed(images, options, onUnreadable)
  }

  /** The classes as plain data, as {@link save} writes them. */
  get saved(): SavedClasses {
    this.#requireUse()
    return { model: this.#embedder.fingerprint, ...this.#origin, classes: this.#classes }
  }

  /**
   * Saves the classes, as embeddings, in a safetensors file with a checksum, at once. It names the weights, and the example
   * files; {@link open} needs nothing else.
   *
   * @throws {InputError} when there are none or the file cannot be written
   */
  async save(file: string): Promise<void> {
    await writeClasses(file, this.saved)
  }

  /**
   * Takes saved classes in place of those that there are.
   *
   * @throws {InputError} when the file cannot be read or is damaged, or its classes were saved with other weights
   */
  async load(file: string): Promise<void> {
    this.#requireUse()
    await this.#restore(file, await readClasses(file))
  }

  /** Frees the model; no call may be under way, and none may follow. Harmless when repeated. */
  dispose(): void {
    if (this.#isDisposed) return
    this.#isDisposed = true
    this.#embedder.dispose()
    this.#model.dispose()
    this.#classes = new Map()
  }

  async #restore(file: string, saved: SavedClasses): Promise<void> {
    requireOfModel(file, saved, { model: this.#embedder.fingerprint, example: await this.#example() })
    this.#classes = saved.classes
  }

  async #embed(
    images: readonly GivenImage[],
    options: EmbedOptions,
    onUnreadable?: OnUnreadable,
  ): Promise<EmbeddedBatch> {
    this.#requireUse()
    if (!Array.isArray(images) || images.length === 0) {
      throw new InputError('expected a list of at least one image to embed')
    }
    const reasons: string[] = []
    const batches: EmbeddedBatch[] = []
    const onLeftOut: OnUnreadable = (position, error) => {
      reasons.push(error.message)
      onUnreadable!(position, error)
    }
    for await (const batch of this.#embedder.embed(images, options, onUnreadable && onLeftOut)) {
      batches.push(batch)
    }
    if (batches.length === 0) throw new InputError(`none of the images can be read: ${reasons[0]}`)
    return {
      positions: batches.flatMap(({ positions }) => positions),
      images: joinImages(batches.map((batch) => batch.images)),
    }
  }

  /** The embedding of some picture, which has the shape of any other. */
  async #example(): Promise<EmbeddedImages> {
    const [own] = this.#classes.values()
    if (own) return own.images
    if (this.#known) return this.#known
    const side = this.#embedder.reduceTo
    const blank = { width: side, height: side, data: new Uint8Array(side * side * 3) }
    for await (const { images } of this.#embedder.embed([blank], {})) this.#known = images
    return this.#known!
  }

  async #add(
    given: string,
    images: readonly GivenImage[],
    options: EmbedOptions,
    onUnreadable?: OnUnreadable,
  ): Promise<void> {
    this.#requireUse()
    const label = labelOf(given)
    if (!Array.isArray(images) || images.length === 0) {
      throw new InputError(`class ${label}: expected a list of at least one image to add`)
    }
    let reason = ''
    const onLeftOut: OnUnreadable = (position, error) => {
      reason ||= error.message
      onUnreadable!(position, error)
    }
    const noted = images.map((image, position) => {
      return notedImage(image as GivenImage, position, { reduceTo: this.readsAt })
    })
    const readable = noted.map(({ image }) => image)
    const batches: EmbeddedBatch[] = []
    for await (const batch of this.#embedder.embed(readable, options, onUnreadable && onLeftOut)) {
      batches.push(batch)
    }
    if (batches.length === 0) {
      throw noneReadable(label, images.length, reason)
    }
    const added = {
      images: joinImages(batches.map((batch) => batch.images)),
      examples: batches.flatMap(({ positions }) => positions.map((position) => noted[position]!.example)),
    }
    this.#classes = new Map(this.#classes).set(label, joinClass(this.#classes.get(label), added))
  }

  async #classify(
    images: readonly GivenImage[],
    options: ClassifyOptions,
    onUnreadable?: OnUnreadable,
  ): Promise<(Classification | undefined)[]> {
    const { metric } = this.#model
    const classes = this.#requireClasses()
    if (!Array.isArray(images)) {
      throw new InputError('expected a list of images to classify; put a single one into brackets')
    }
    const labels = [...classes.keys()]
    const results: (Classification | undefined)[] = Array.from({ length: images.length })
    const support = supportOf(classes, this.#counts)
    let waiting: EmbeddedBatch[] = []
    const compare = async () => {
      if (waiting.length === 0) return
      const scores = await scoreQueries(metric, support, joinImages(waiting.map((batch) => batch.images)))
      const rows = classifications(() => labels, scores, await probabilitiesOf(metric, scores))
      const positions = waiting.flatMap((batch) => batch.positions)
      positions.forEach((position, index) => (results[position] = rows[index]))
      waiting = []
    }
    try {
      for await (const batch of this.#embedder.embed(images, options, onUnreadable)) {
        options.onEmbedded?.(batch)
        waiting.push(batch)
        if (waiting.reduce((sum, { positions }) => sum + positions.length, 0) >= comparedAtOnce)
          await compare()
      }
      await compare()
    } finally {
      disposeEmbedding(support)
    }
    return results
  }

  #requireClasses(): LabelledImages {
    this.#requireUse()
    if (this.#classes.size >= 2) {
      return new Map([...this.#classes].map(([label, { images }]) => [label, images]))
    }
    const [only] = this.#classes.keys()
    throw new InputError(
      `${only === undefined ? 'there is no class' : `there is only one class (${only})`}; expected examples of at least two classes, to tell them apart`,
    )
  }

  #requireUse(): void {
    if (this.#isDisposed) throw new Error('the classifier is disposed')
  }
}

/** What weights can be found by later, from any folder. */
function lastingName(weights: string): string {
  const path = resolve(weights)
  return resolve(weightsFile(weights)) === path ? path : weights
}

/** Why a class cannot be one. */
export function noneReadable(label: string, examples: number, reason: string): InputError {
  return new InputError(
    `class ${label}: ${examples === 1 ? 'its one example cannot' : `none of its ${examples} examples can`} be read: ${reason}`,
  )
}

/** A label in Unicode's composed form (NFC), as labels of folders and tables are. */
function labelOf(given: string): string {
  if (typeof given !== 'string' || given === '') {
    throw new InputError(`a class is called ${JSON.stringify(given)}; expected a text that is not empty`)
  }
  if (/\p{Cs}/u.test(given)) {
    throw new InputError(
      `a class is called ${JSON.stringify(given)}, which holds half a character; give its whole name`,
    )
  }
  return given.normalize('NFC')
}
