import { exampleNames, type FeatureSet, PictureDigests, type ShotCounts } from '@m2l/classifier'
import { InputError } from '@m2l/engine'
import { isFeatureFile, readFeatures } from '../features/feature-file.js'
import { supportOfFeatures } from '../features/feature-pictures.js'
import type { OnnxOptions } from '../model/onnx-model.js'
import type { Recipe } from '../recipe/read-recipe.js'
import { unknownLabel } from './classification-report.js'
import { FewShotClassifier } from './file-classifier.js'
import type { CompareBy } from '@m2l/model'
import type { LoadOptions } from './load-candidate.js'
import { addSupport, openSupport, type SupportPictures, type UnreadableExample } from './support-pictures.js'

/** By what pictures are classified. */
export interface ClassifyByOptions extends OnnxOptions, CompareBy, Pick<LoadOptions, 'views'> {
  /**
   * A folder or archive of class folders, or a `.csv` table of `filename,label`; where classes are loaded,
   * its examples are added to them. Or a file of features, see `readFeatures`; then the pictures are files of
   * features, too.
   */
  readonly support?: string | undefined
  /** A file of classes that `FewShotClassifier.save` wrote; needed where there is no `support`. */
  readonly load?: string | undefined
  /**
   * The file that the classes are saved to as soon as the examples are there; what has that name is replaced.
   */
  readonly save?: string | undefined
  /**
   * Weights by name, a checkpoint or an ONNX network; if not given those of loaded classes, else those at
   * hand that the examples choose, see `FewShotClassifier.load`.
   */
  readonly weights?: string
  /** See `ClassifierOptions`; of features the recipe whose levels compare them. */
  readonly recipe?: Recipe
  /** See `ClassifierOptions`. */
  readonly counts?: ShotCounts
  /** Takes weights that contradict the recipe. */
  readonly force?: boolean
  /**
   * Pictures less familiar than this, from 0 to 1, are of no class; `auto` is .5, see `Familiarity`. All are
   * if not given.
   */
  readonly unknown?: number | 'auto'
  /**
   * A file of the names of classes, see `readClassNames`; if none is given, one with a usual name is looked
   * for in the folder of the examples and beside it.
   */
  readonly labels?: string
  /** Of how many of the most probable classes the probabilities are reported; all if not given. */
  readonly top?: number
  readonly onProgress?: (what: 'examples' | 'pictures', done: number, total: number) => void
  /** Told what a person should know, a line each; the report has them too. */
  readonly onNote?: (line: string) => void
  readonly signal?: AbortSignal
}

/**
 * A classifier without examples, or with those of loaded classes; of features with them.
 *
 * @throws {InputError} when weights, classes or features cannot be used, or nothing says where examples are
 */
export async function openClassifier(
  options: ClassifyByOptions,
): Promise<{ classifier: FewShotClassifier; features?: FeatureSet }> {
  const { load, support, weights } = options
  if (support !== undefined && isFeatureFile(support)) {
    const [vain] = saidInVain(options)
    if (vain !== undefined) {
      throw new InputError(`${support}: are features, which are compared as they are; leave out ${vain}`)
    }
    if (options.save !== undefined) {
      throw new InputError(
        `${options.save}: is not written, since ${support} keeps the features; name that again`,
      )
    }
    const features = await readFeatures(support)
    supportOfFeatures(features)
    return { classifier: await FewShotClassifier.ofFeatures(features, options), features }
  }
  if (load !== undefined) return { classifier: await FewShotClassifier.open(load, options) }
  if (support !== undefined) {
    return { classifier: await FewShotClassifier.load(weights, options) }
  }
  throw new InputError('expected examples: name a folder of class folders, or a file of saved classes')
}

/** What is said of how pictures are seen and compared, which features do not ask. */
function saidInVain({ load, weights, card, head, features, views = 'auto' }: ClassifyByOptions): string[] {
  return [
    ...(load === undefined ? [] : [`the classes of ${load}`]),
    ...(weights === undefined ? [] : [`the weights ${weights}`]),
    ...(card === undefined ? [] : ['the card']),
    ...(head === undefined ? [] : [`the head ${head}, and name levels with a recipe`]),
    ...(features === undefined ? [] : [`the features ${features}`]),
    ...(views === 'auto' ? [] : [`the views ${views}`]),
  ]
}

/** The examples of a classifier. */
export interface AddedExamples {
  readonly digests: PictureDigests
  /** The files of each class, as they were added. */
  readonly files: ReadonlyMap<string, readonly string[]>
  readonly unreadable: readonly UnreadableExample[]
}

/** Examples that are listed, but not yet added. */
export interface OpenedExamples {
  /** The classes, loaded ones first. */
  readonly labels: ReadonlySet<string>
  /** What a person should know of them, a line each. */
  readonly notes: readonly string[]
  /** Adds them, and closes what they are read from. */
  add(): Promise<AddedExamples>
  /** Closes what they would be read from. Harmless when repeated. */
  close(): Promise<void>
}

/**
 * Lists the examples that are to be added to a classifier, so that mistakes in their places are told before
 * anything is read.
 *
 * @throws {InputError} when they cannot be used, or a class is called as pictures of no class are where these
 *   are told
 */
export async function openExamples(
  classifier: FewShotClassifier,
  features: FeatureSet | undefined,
  options: ClassifyByOptions,
): Promise<OpenedExamples> {
  const loaded = classifier.classes.map(({ label }) => label)
  const support =
    options.support === undefined || features
      ? noSupport
      : await openSupport(options.support, classifier.readsAt, loaded.length > 0 ? 1 : 2)
  const labels = new Set([...loaded, ...support.classes.keys()])
  if (options.unknown !== undefined && labels.has(unknownLabel)) {
    await support.close()
    throw new InputError(
      `${options.support ?? options.load}: a class is called ${unknownLabel}, as pictures of no class are; rename ${options.support === undefined ? 'it' : 'its folder'}`,
    )
  }
  return {
    labels,
    notes: support.notes,
    close: () => support.close(),
    async add() {
      try {
        const unreadable = await addSupport(classifier, support, {
          onProgress: (done, total) => options.onProgress?.('examples', done, total),
          signal: options.signal,
        })
        if (options.save !== undefined) await classifier.save(options.save)
        return { ...examplesOf(classifier), unreadable }
      } finally {
        await support.close()
      }
    },
  }
}

const noSupport: SupportPictures = { classes: new Map(), notes: [], close: async () => {} }

function examplesOf({ examples }: FewShotClassifier): Pick<AddedExamples, 'digests' | 'files'> {
  const digests = new PictureDigests()
  const files = [...examples].map(([label, ofClass]) => {
    const names = exampleNames(label, ofClass).map((name, index) => {
      const own = digests.has(name) ? `${name} (again)` : name
      digests.set(own, ofClass[index]!.digest ?? undefined)
      return own
    })
    return [label, names] as const
  })
  return { digests, files: new Map(files) }
}
