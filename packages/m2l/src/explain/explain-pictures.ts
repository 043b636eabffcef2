import {
  reducedTo,
  type ClassifierChoice,
  drawnShots,
  noneReadable,
  PictureDigests,
  picturesWithCorners,
  readForModel,
  type ReadForModelOptions,
} from '@m2l/classifier'
import { InputError } from '@m2l/engine'
import type { QueryExplanation, SupportClass } from '@m2l/explain'
import type { AgreementOptions } from '../agreement/agreement.js'
import type { LoadOptions } from '../classifier/load-candidate.js'
import { findClassNames } from '../class-names/find-class-names.js'
import { copyNotes, otherLabelNotes } from '../classifier/notes.js'
import { queryPictures, type QueryPictures } from '../classifier/query-pictures.js'
import { openSupport, type SupportPictures, type UnreadableExample } from '../classifier/support-pictures.js'
import { type CompareBy, episodeTransforms } from '@m2l/model'
import type { Recipe } from '../recipe/read-recipe.js'
import type { OnnxOptions } from '../model/onnx-model.js'
import { whyUnexplained } from '../model/trained-model.js'
import { comparedBy } from './compared-by.js'
import {
  drawExplanations,
  explainQueries,
  type DrawOptions,
  type ExplainQueriesOptions,
  type ExplanationReport,
} from './draw-explanations.js'
import { bareName } from './file-names.js'

/** Whose classification is explained. */
export interface PicturesToExplain extends Pick<AgreementOptions, 'force'>, OnnxOptions, CompareBy {
  /** A folder or archive with a folder for each class, or a table of `filename,label`. */
  readonly support: string
  /** Folders, archives, tables and files of pictures. */
  readonly query: readonly string[]
  /** Of the pictures only those of these names, as `PicturePrediction` has them; all if not given. */
  readonly only?: ReadonlySet<string>
  /**
   * Weights by name, a checkpoint or an ONNX network; if not given those at hand that the examples choose, as
   * `classifyPictures` does, or with a recipe the best of its run folder.
   */
  readonly weights?: string
  /** Whether pictures are seen with crops of their corners, see `ClassifierOptions`. */
  readonly views?: LoadOptions['views']
  /** What was chosen by the examples already; it is chosen anew if not given. */
  readonly choice?: ClassifierChoice
  /** How the model is made that the weights belong to; needed where these do not say so themselves. */
  readonly recipe?: Recipe
  /** A file of the names of classes; if none is given, one is looked for as `classifyPictures` does. */
  readonly labels?: string
}

/** Whose classification is explained, and where it is drawn. */
export interface ExplainPicturesOptions extends PicturesToExplain, DrawOptions {
  /** Told what a person should know of the pictures. */
  readonly onNote?: (line: string) => void
  /**
   * Told how many of the examples are read, by which is chosen what compares; not called where nothing is to
   * be chosen.
   */
  readonly onExamples?: (done: number, total: number) => void
}

/**
 * Explains what pictures are taken for by folders of examples, and draws it. All examples are held in memory.
 *
 * @throws {InputError} when weights or places cannot be used, or a class has no example that can be read;
 *   single pictures and examples that cannot be read are only reported
 */
export async function explainPictures(options: ExplainPicturesOptions): Promise<ExplanationReport> {
  const opened = await openPictures(options)
  if (opened.unexplained !== undefined) throw new InputError(`${opened.checkpoint}: ${opened.unexplained}`)
  const unreadable: { file: string; reason: string }[] = []
  try {
    const { names: displayNames, notes: ofNames } = await findClassNames(
      opened.explained.classes.map(({ name }) => name),
      { file: options.labels, beside: options.support },
    )
    const notes = [...opened.notes, ...ofNames]
    const drawn = await drawExplanations(opened.recipe, opened.model, opened.explained, {
      ...options,
      weights: opened.checkpoint,
      displayNames,
      onUnreadable: ({ name: file }, { message: reason }) => unreadable.push({ file, reason }),
    })
    notes.push(...opened.copyNotes())
    for (const note of notes) options.onNote?.(note)
    const { checkpoint: weights, unreadableExamples } = opened
    return { weights, ...drawn, notes, unreadable, unreadableExamples }
  } finally {
    await opened.close()
  }
}

/** An explanation with its drawing, an SVG document. */
interface DrawnPicture {
  readonly explanation: QueryExplanation
  readonly drawing: string
}

/**
 * The same without files; or why it cannot be told where in the pictures answers come from.
 *
 * @throws {InputError} when weights, examples or a picture cannot be used
 */
export async function drawnPictures(
  pictures: PicturesToExplain,
  options: ExplainQueriesOptions = {},
): Promise<{ readonly drawn: readonly DrawnPicture[] } | { readonly unexplained: string }> {
  const opened = await openPictures(pictures)
  if (opened.unexplained !== undefined) return { unexplained: opened.unexplained }
  try {
    const drawn: DrawnPicture[] = []
    for await (const one of explainQueries(opened.recipe, opened.model, opened.explained, options)) {
      drawn.push(one)
    }
    return { drawn }
  } finally {
    await opened.close()
  }
}

/** Opens the model and archives, which the caller closes, and reads the examples. */
async function openPictures(
  options: PicturesToExplain & Pick<ExplainPicturesOptions, 'onNote' | 'onExamples' | 'signal'>,
) {
  const compared = await comparedBy(options)
  const { model, recipe, checkpoint, metric, views } = compared
  const unexplained = whyUnexplained(model, views)
  if (unexplained !== undefined) {
    model.dispose()
    return { unexplained, checkpoint }
  }
  const reduceTo = reducedTo(recipe)
  let support: SupportPictures | undefined
  let query: QueryPictures | undefined
  const close = async () => {
    await query?.close()
    model.dispose()
  }
  try {
    support = await openSupport(options.support, reduceTo)
    query = await queryPictures(options.query, new Set(support.classes.keys()))
    const reading = { views: model.views, transforms: episodeTransforms(recipe), reduceTo }
    const { classes, unreadableExamples } = await readExamples(support, reading)
    const seen = new PictureDigests()
    const queries = query.pictures
      .filter(({ file }) => !options.only || options.only.has(file))
      .map(({ file, image, truth }) => ({
        name: file,
        fileName: bareName(file),
        truth: truth ?? undefined,
        read: async () => {
          const picture = await readForModel(image, file, reading)
          seen.note(file, picture)
          return picture
        },
      }))
    return {
      ...compared,
      explained: {
        classes,
        queries,
        metric,
        ...(views === 'crops' && { views: picturesWithCorners }),
        // as they are classified
        drawnShots: drawnShots(
          'neutral',
          classes.map(({ pictures }) => pictures.length),
        ),
      },
      unreadableExamples,
      notes: [
        ...compared.agreement.notes,
        ...compared.reasons,
        ...support.notes,
        ...query.notes,
        ...otherLabelNotes(query.otherLabels, new Set(support.classes.keys()), 'unsaid'),
      ],
      copyNotes: () => notesOfCopies(classes, queries, seen),
      close,
    }
  } catch (error) {
    await close()
    throw error
  } finally {
    await support?.close()
  }
}

/** What a person should know of examples that are the same picture as another or as one that is explained. */
function notesOfCopies(
  classes: readonly SupportClass[],
  queries: readonly { readonly name: string }[],
  seen: PictureDigests,
): string[] {
  const examples = new PictureDigests()
  for (const { name, picture } of classes.flatMap(({ pictures }) => pictures)) examples.note(name, picture)
  const files = classes.map(({ name, pictures }) => [name, pictures.map((one) => one.name)] as const)
  const own = queries.filter(({ name }) => seen.sameIn(examples, name) !== undefined)
  return [
    ...copyNotes(examples, new Map(files)),
    ...own.map(({ name }) => `${name} is an example itself, so that it is taken for its class by itself`),
  ]
}

/**
 * The examples that can be read, and why others cannot.
 *
 * @throws {InputError} when a class has none
 */
async function readExamples({ classes: all }: SupportPictures, reading: ReadForModelOptions) {
  const classes: SupportClass[] = []
  const unreadableExamples: UnreadableExample[] = []
  for (const [label, images] of all) {
    const read = await Promise.allSettled(images.map((image) => readForModel(image, image.name, reading)))
    const pictures = read.flatMap((one, index) => {
      const { name } = images[index]!
      if (one.status === 'fulfilled') return [{ name, picture: one.value }]
      if (!(one.reason instanceof InputError)) throw one.reason
      unreadableExamples.push({ file: name, label, reason: one.reason.message })
      return []
    })
    if (pictures.length === 0) throw noneReadable(label, images.length, unreadableExamples.at(-1)!.reason)
    classes.push({ name: label, pictures })
  }
  return { classes, unreadableExamples }
}
