import { InputError, loadEngine, didYouMean } from '@m2l/engine'
import type { LevelFusion } from '@m2l/metric'
import { disposeState } from '@m2l/nn'
import {
  decodeCheckpoint,
  networkOf,
  storedModel,
  type EvaluatedModel,
  type OnEager,
  type ViewRenderer,
} from '@m2l/model'
import type { Example, SavedClass, SavedClasses } from './classes/saved-classes.js'
import { embedderOf } from './features/feature-embedder.js'
import { labelledFeatures, type FeatureSet } from './features/feature-set.js'
import { decodeClasses, encodeClasses } from './classes/encode-classes.js'
import { requireOfModel } from './classes/require-of-model.js'
import { shippedNames } from '@m2l/weights'
import type { Candidate } from './candidate.js'
import { choose, type Choice } from './choice/choose.js'
import { describeChoice, type ClassifierChoice } from './choice/describe-choice.js'
import type { FeatureRange } from './choice/fit-heads.js'
import { labelOf, noneReadable } from './class-label.js'
import type { Classification } from './classification.js'
import { classifyImages, type ClassifyOptions } from './classify-images.js'
import { embedImages } from './embedding/embed-images.js'
import type { EmbeddedImages } from './embedding/embedded-images.js'
import type { Embedder } from './embedding/embedder.js'
import type { GivenImage, NamedImage, ReadableImage } from './pictures/given-image.js'
import {
  ImageEmbedder,
  type EmbeddedBatch,
  type EmbedOptions,
  type OnUnreadable,
} from './embedding/image-embedder.js'
import { modelCandidates, type SeeingOptions } from './load/model-candidate.js'
import { readWeights, type WeightsSource } from './load/weights-source.js'
import { leaveOneOut, type LeaveOneOut } from './leave-one-out.js'
import { readingFingerprint, readingOf, type ModelPictures } from './pictures/model-pictures.js'
import { joinSeen, seeExamples, type SeenExamples } from './see-examples.js'
import type { ShotCounts } from './shot-counts.js'

/** How a classifier compares, whatever sees for it. */
export interface ComparingOptions {
  /**
   * What becomes of different numbers of examples; `neutral` if not given, so that further examples of a
   * class never hurt.
   */
  readonly counts?: ShotCounts | undefined
}

/** How weights see and compare. */
export interface WeightsOptions extends ComparingOptions, SeeingOptions {}

/** How a model of a program sees and compares. */
export interface ModelOptions extends ComparingOptions {
  /** See `GraphFunctionOptions` of `@m2l/engine`. */
  readonly onEager?: OnEager | undefined
  /** What renders pictures, where the calling thread is not to. */
  readonly render?: ViewRenderer | undefined
}

/** How features are compared. */
export interface FeatureOptions extends ComparingOptions {
  readonly metric?: LevelFusion | undefined
}

/** A class of a classifier. */
export interface ClassifierClass {
  readonly label: string
  /** The number of its examples. */
  readonly images: number
}

/**
 * Tells images of classes apart of which it was given a few examples: a trained model, and the embeddings of
 * the examples.
 *
 * Images are read, embedded and compared in batches of 16, or of 32 where no level asks for parts, with three
 * batches in memory at a time, and cosines within the bound of the levels. So a process stays below 1 GiB at
 * 32x32 and below 1.5 GiB at 84x84 with Conv-64F-4x, however many images it classifies and however large they
 * are.
 */
export class FewShotClassifier {
  readonly #candidates: readonly Candidate[]
  readonly #counts: ShotCounts
  #classes: ReadonlyMap<string, SeenExamples> = new Map()
  /** What was chosen by the classes that there are; nothing where they have changed since. */
  #choice: Promise<Choice> | undefined
  /** The candidate that was chosen last. */
  #chosen: Candidate
  #known: EmbeddedImages | undefined
  #isDisposed = false

  /** @param candidates one or more, the classifier's from then on; those for photographs first */
  protected constructor(candidates: readonly Candidate[], { counts = 'neutral' }: ComparingOptions = {}) {
    this.#candidates = candidates
    this.#counts = counts
    this.#chosen = candidates[0]!
  }

  /**
   * A classifier without classes. Loads the engine where that has not been done.
   *
   * @param weights shipped ones by name, the bytes of a checkpoint of ours, or its URL; of several, and of
   *   all shipped ones if none are given, the examples choose, see {@link choose}
   * @throws {InputError} when they cannot be fetched, are no weights, or do not say how their model is made
   */
  static async load(
    weights: WeightsSource | readonly WeightsSource[] = shippedNames,
    options: WeightsOptions = {},
  ): Promise<FewShotClassifier> {
    const sources = Array.isArray(weights)
      ? (weights as readonly WeightsSource[])
      : [weights as WeightsSource]
    if (sources.length === 0) throw new InputError('expected at least one weights to load')
    await loadEngine()
    const read = await Promise.all(sources.map(readWeights))
    const candidates: Candidate[] = []
    try {
      for (const { bytes, name, origin } of read) {
        const stored = storedModel(decodeCheckpoint(bytes, name), name)
        candidates.push(...modelCandidates({ ...stored, origin }, options))
      }
    } catch (error) {
      for (const candidate of candidates) candidate.dispose()
      throw error
    }
    return new this(candidates, options)
  }

  /**
   * A classifier of a model that a program has made, without classes. The model is the classifier's from then
   * on.
   *
   * @param pictures how they become its input
   * @throws {InputError} when they cannot be made so, or a level looks at parts of pictures and nothing makes
   *   any
   */
  static fromModel<This extends typeof FewShotClassifier>(
    this: This,
    model: EvaluatedModel,
    pictures: ModelPictures,
    { counts, onEager, render }: ModelOptions = {},
  ): This['prototype'] {
    const reading = readingOf(model, pictures)
    const fingerprint = readingFingerprint(model, reading)
    const embedder = new ImageEmbedder({
      network: networkOf(model, onEager),
      ...reading,
      fingerprint,
      render,
    })
    const candidate = {
      origin: {},
      embedder,
      comparison: { metric: model.metric },
      dispose: disposing(embedder, model),
    }
    return new this([candidate], { counts })
  }

  /**
   * A classifier by features of pictures that some network made; their labels are its classes. It takes
   * pictures as their features, see {@link featuresAt}.
   *
   * @param options what compares them, which is the classifier's from then on; if not given, a head is chosen
   *   by the examples
   * @throws {InputError} when a picture has no label
   */
  static async ofFeatures<This extends typeof FewShotClassifier>(
    this: This,
    features: FeatureSet,
    { metric, counts }: FeatureOptions = {},
  ): Promise<This['prototype']> {
    await loadEngine()
    const embedder = embedderOf(features)
    const { map, ranges = [{ name: 'features', channels: [0, map.shape.at(-1)!] }] } = features
    const dispose = () => metric && disposeState(metric.state)
    const comparison = metric ? { metric } : { ranges }
    const called = `the features of ${features.source}`
    const candidate = { origin: {}, called, embedder, comparison, dispose }
    const classifier = new this([candidate], { counts })
    try {
      await classifier.addFeatures(features)
      return classifier
    } catch (error) {
      classifier.dispose()
      throw error
    }
  }

  /** The classes, in the order in which they were added. */
  get classes(): readonly ClassifierClass[] {
    return [...this.#classes].map(([label, { examples }]) => ({ label, images: examples.length }))
  }

  /** What is known of the pictures of each class, in the order in which they were added. */
  get examples(): ReadonlyMap<string, readonly Example[]> {
    return new Map([...this.#classes].map(([label, { examples }]) => [label, examples]))
  }

  /**
   * The weights that were chosen last, or are first looked through; nothing where a program has made the
   * model.
   */
  get weights(): string | undefined {
    return this.#chosen.origin.weights
  }

  /**
   * Which of the numbers that the chosen weights make are of which stage of their network; nothing where
   * levels compare all.
   */
  get ranges(): readonly FeatureRange[] | undefined {
    const { comparison } = this.#chosen
    return 'ranges' in comparison ? comparison.ranges : undefined
  }

  /** Pictures whose shorter side is at least twice so many pixels are reduced to it while they are read. */
  get readsAt(): number {
    return this.#candidates[0]!.embedder.reduceTo
  }

  /**
   * Adds examples of a class, a new one or one that is there already. Nothing is added unless all of them can
   * be read.
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
   * Adds examples that are given as features, each to the class of its label; only to a classifier of
   * features.
   *
   * @throws {InputError} when a picture has no label, or they are of another network; nothing is added then
   */
  async addFeatures(features: FeatureSet): Promise<void> {
    const before = this.#classes
    try {
      for (const [label, images] of labelledFeatures(features)) await this.#add(label, images, {})
    } catch (error) {
      this.#take(before)
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
    this.#take(classes)
  }

  /**
   * Chooses by the examples that there are, and says what: weights, where there are several, and what
   * compares what they see. Everything that follows goes by it; done by itself where it was not asked for. It
   * is chosen anew when classes have changed.
   *
   * @throws {InputError} when there are fewer than two classes
   */
  async choose({ signal }: Pick<EmbedOptions, 'signal'> = {}): Promise<ClassifierChoice> {
    const choice = await this.#choose(signal)
    return describeChoice(choice, this.#candidates)
  }

  /**
   * Classifies images by the examples that there are when it is called.
   *
   * @returns what it says of each image, in their order
   * @throws {InputError} when there are fewer than two classes, or naming the first picture that cannot be
   *   read
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
   * What the examples say of each other: each is left out in turn, and once more with its whole class. It
   * tells how good the classifier is before any other image is there, and calibrates `Familiarity`.
   *
   * @throws {InputError} when there are fewer than two classes
   */
  async leaveOneOut({ signal }: Pick<EmbedOptions, 'signal'> = {}): Promise<LeaveOneOut> {
    const { metric, classes } = await this.#settled(signal)
    return leaveOneOut(metric, classes, { counts: this.#counts, signal })
  }

  /**
   * The embeddings of pictures as plain numbers: what levels compare, a `map` [pictures, height, width,
   * channels] and, where a level needs them, `parts` [pictures, parts, channels].
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
   * @returns the embeddings of the others with their positions in the list, and why each of these cannot be
   *   read, by its own
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
    return this.#chosen.embedder.embed(this.#pictures(images), options, onUnreadable)
  }

  /** The classes as plain data, as {@link save} writes them: as the weights see them that are chosen. */
  async saved(): Promise<SavedClasses> {
    this.#requireUse()
    if (this.#candidates.length > 1 && this.#classes.size > 1) await this.#choose()
    const { origin, embedder } = this.#chosen
    return { model: embedder.fingerprint, ...origin, classes: this.#classesOf(this.#chosen) }
  }

  /**
   * The classes, as embeddings, in the bytes of a safetensors file with a checksum, which name the weights
   * and the examples.
   *
   * @throws {InputError} when there are none
   */
  async encodeClasses(): Promise<Uint8Array> {
    return encodeClasses(await this.saved(), 'the classes')
  }

  /**
   * Takes classes of {@link encodeClasses} in place of those that there are.
   *
   * @param source what messages call the bytes
   * @throws {InputError} when they are damaged, or of other weights
   */
  async decodeClasses(bytes: Uint8Array, source = 'the classes'): Promise<void> {
    await this.restore(decodeClasses(bytes, source), source)
  }

  /** Frees the model; no call may be under way, and none may follow. Harmless when repeated. */
  dispose(): void {
    if (this.#isDisposed) return
    this.#isDisposed = true
    for (const candidate of this.#candidates) candidate.dispose()
    this.#take(new Map())
  }

  /**
   * Takes saved classes in place of those that there are.
   *
   * @param source what messages call them
   * @throws {InputError} when they are of other weights
   */
  async restore(saved: SavedClasses, source: string): Promise<void> {
    this.#requireUse()
    const candidate =
      this.#candidates.find(({ embedder }) => embedder.fingerprint === saved.model) ?? this.#chosen
    requireOfModel(source, saved, {
      model: candidate.embedder.fingerprint,
      example: await this.#example(candidate),
    })
    const restored = [...saved.classes].map(([label, { images, examples }]): [string, SeenExamples] => {
      return [
        label,
        { examples, seen: this.#candidates.map((one) => (one === candidate ? { images } : undefined)) },
      ]
    })
    this.#chosen = candidate
    this.#take(new Map(restored))
  }

  /**
   * A file as a picture that is read when its turn comes; here it is refused then, since not every runtime
   * has files.
   */
  protected fileImage(path: string): NamedImage {
    const read = async (): Promise<never> => {
      throw new InputError(
        `${path}: is a path, which only @m2l/m2l reads, in Node; give the bytes of the file`,
      )
    }
    return { name: path, read }
  }

  #pictures(images: readonly GivenImage[]): readonly ReadableImage[] {
    if (!Array.isArray(images)) return images as readonly never[]
    return images.map((image: GivenImage) => (typeof image === 'string' ? this.fileImage(image) : image))
  }

  #embed(
    images: readonly GivenImage[],
    options: EmbedOptions,
    onUnreadable?: OnUnreadable,
  ): Promise<EmbeddedBatch> {
    this.#requireUse()
    return embedImages(this.#chosen.embedder, this.#pictures(images), options, onUnreadable)
  }

  /** The embedding of some picture by a candidate, which has the shape of any other. */
  async #example(candidate: Candidate): Promise<EmbeddedImages> {
    const { embedder } = candidate
    const [own] = this.#classesOf(candidate).values()
    if (own) return own.images
    if (this.#known && this.#candidates.length === 1) return this.#known
    const side = embedder.reduceTo
    const blank = { width: side, height: side, data: new Uint8Array(side * side * 3) }
    for await (const { images } of embedder.embed([blank], {})) this.#known = images
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
    const before = this.#classes.get(label)
    const added = await seeExamples(
      this.#candidates,
      this.#pictures(images),
      { ...options, isNew: before === undefined },
      onUnreadable && onLeftOut,
    )
    if (!added) throw noneReadable(label, images.length, reason)
    this.#take(new Map(this.#classes).set(label, joinSeen(before, added)))
  }

  /** The classes from now on; what was chosen by others counts no more. */
  #take(classes: ReadonlyMap<string, SeenExamples>): void {
    this.#classes = classes
    this.#choice = undefined
  }

  /** The classes as a candidate sees them; those that it does not see are left out. */
  #classesOf(candidate: Candidate): ReadonlyMap<string, SavedClass> {
    const index = this.#candidates.indexOf(candidate)
    const ofClasses = [...this.#classes].flatMap(([label, { examples, seen }]): [string, SavedClass][] => {
      const own = seen[index]
      return own ? [[label, { images: own.images, examples }]] : []
    })
    return new Map(ofClasses)
  }

  /** Several callers may wait for it, so that a signal of one ends none of it. */
  async #choose(signal?: AbortSignal): Promise<Choice> {
    this.#requireClasses()
    signal?.throwIfAborted()
    const classes = this.#classes
    const seen = new Map([...classes].map(([label, ofClass]) => [label, ofClass.seen]))
    this.#choice ??= choose(this.#candidates, seen, { counts: this.#counts })
    const choosing = this.#choice
    try {
      const choice = await choosing
      if (this.#classes === classes) this.#chosen = this.#candidates[choice.candidate]!
      signal?.throwIfAborted()
      return choice
    } catch (error) {
      if (this.#choice === choosing && !signal?.aborted) this.#choice = undefined
      throw error
    }
  }

  /** What compares, and the classes that there were at the call as they are compared. */
  async #settled(signal?: AbortSignal) {
    const classes = this.#classes
    const { metric, candidate } = await this.#choose(signal)
    const seen = [...classes].map(([label, ofClass]) => [label, ofClass.seen[candidate]!.images] as const)
    const { embedder } = this.#candidates[candidate]!
    return { metric, embedder, classes: new Map(seen), counts: this.#counts }
  }

  async #classify(
    images: readonly GivenImage[],
    options: ClassifyOptions,
    onUnreadable?: OnUnreadable,
  ): Promise<(Classification | undefined)[]> {
    this.#requireClasses()
    if (!Array.isArray(images)) {
      throw new InputError('expected a list of images to classify; put a single one into brackets')
    }
    return classifyImages(await this.#settled(options.signal), this.#pictures(images), options, onUnreadable)
  }

  #requireClasses(): void {
    this.#requireUse()
    if (this.#classes.size >= 2) return
    const [only] = this.#classes.keys()
    throw new InputError(
      `${only === undefined ? 'there is no class' : `there is only one class (${only})`}; expected examples of at least two classes, to tell them apart`,
    )
  }

  #requireUse(): void {
    if (this.#isDisposed) throw new Error('the classifier is disposed')
  }
}

function disposing(embedder: Embedder, model: { dispose(): void }): () => void {
  return () => {
    embedder.dispose()
    model.dispose()
  }
}
