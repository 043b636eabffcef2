import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { RgbImage } from '@m2l/pictures'
import { InputError } from '@m2l/engine'
import { makeFolder, writeFileAtomically } from '@m2l/engine-native'
import {
  drawExplanation,
  drawingAsJpeg,
  QueryExplainer,
  type ExplainerOptions,
  type QueryExplanation,
} from '@m2l/explain'
import { episodeTransforms, type EvaluatedModel } from '@m2l/model'
import {
  explanationsPage,
  explanationsTitle,
  queryThumbnail,
  type ShownExplanation,
} from '../pages/explanations-page.js'
import { ClassNames, type DisplayNames } from '../class-names/class-names.js'
import type { UnreadableExample } from '../classifier/support-pictures.js'
import type { Recipe } from '../recipe/read-recipe.js'
import { nameWithout } from './file-names.js'

/** How queries are explained. */
export interface ExplainQueriesOptions {
  /** For how many of the likeliest classes it is told where scores came from; 2 if not given. */
  readonly classes?: number
  /** What a class is called in drawings; its own name if not given. */
  readonly called?: (name: string) => string
  /** The names of queries that are of no class; drawings say so. */
  readonly unknown?: ReadonlySet<string>
  /** Told of a query that cannot be read, which is then left out; without it, such a query ends all. */
  readonly onUnreadable?: (query: ExplainedQuery, error: InputError) => void
  /** Told how many of the queries are done. */
  readonly onExplained?: (done: number, total: number) => void
  readonly signal?: AbortSignal
}

/** How queries are explained, and where they are drawn. */
export interface DrawOptions extends ExplainQueriesOptions {
  /** The folder for the drawings; made where it is not there. */
  readonly folder: string
}

/** What the page of drawings says besides. */
interface PageOptions extends Pick<ExplanationReport, 'weights' | 'displayNames'> {}

/** Why queries were taken for what they were taken for. */
export interface ExplanationReport {
  /** The weights, as they were named. */
  readonly weights: string
  readonly explanations: readonly DrawnExplanation[]
  /** Queries that could not be read, and why. */
  readonly unreadable: readonly { readonly file: string; readonly reason: string }[]
  /** Examples that could not be read, and why. */
  readonly unreadableExamples: readonly UnreadableExample[]
  /** What people call the classes, as far as a file of names says it. */
  readonly displayNames: DisplayNames
  /** The page that leads to the drawings; null where nothing could be drawn. */
  readonly page: string | null
  /** What a person should know of weights, examples and pictures, a line each. */
  readonly notes: readonly string[]
}

/** An explanation and the files that it was drawn to. */
export interface DrawnExplanation extends QueryExplanation {
  readonly svg: string
  readonly jpeg: string
}

/** A query, whose picture is read when its turn comes. */
export interface ExplainedQuery {
  readonly name: string
  /** What its drawings are called, without an ending. */
  readonly fileName: string
  /** The name of its class, where that is known. */
  readonly truth?: string
  read(): Promise<RgbImage>
}

/** Queries with the pictures by which they are classified. */
export interface ExplainedQueries extends Pick<
  ExplainerOptions,
  'classes' | 'unlabelled' | 'drawnShots' | 'metric' | 'views'
> {
  readonly queries: readonly ExplainedQuery[]
}

/**
 * Explains queries one after the other, each with its drawing, an SVG document.
 *
 * @throws {InputError} when a query cannot be read
 */
export async function* explainQueries(
  recipe: Recipe,
  model: EvaluatedModel,
  { queries, ...support }: ExplainedQueries,
  { classes, called, unknown, onUnreadable, onExplained, signal }: ExplainQueriesOptions = {},
): AsyncGenerator<{
  query: ExplainedQuery
  picture: RgbImage
  explanation: QueryExplanation
  drawing: string
}> {
  const explainer = new QueryExplainer({ model, transforms: episodeTransforms(recipe), ...support })
  try {
    for (const [done, query] of queries.entries()) {
      signal?.throwIfAborted()
      onExplained?.(done, queries.length)
      const { name, truth } = query
      const picture = await query.read().catch((error: unknown) => {
        if (!onUnreadable || !(error instanceof InputError)) throw error
        onUnreadable(query, error)
      })
      if (!picture) continue
      const explanation = await explainer.explain({ name, picture }, { classes, truth })
      const drawing = await drawExplanation(
        explanation,
        { query: picture, classes: support.classes },
        { called, isUnknown: unknown?.has(name) ?? false },
      )
      yield { query, picture, explanation, drawing }
    }
    onExplained?.(queries.length, queries.length)
  } finally {
    explainer.dispose()
  }
}

/**
 * Explains queries and draws each to files, `<query>.svg` and `<query>.jpg`, to which `index.html` leads.
 *
 * @param weights as they were named
 * @throws {InputError} when the folder cannot be made, holds an `index.html` of something else, or a query
 *   cannot be read and nobody wants to be told; earlier drawings and a page of them are then there
 */
export async function drawExplanations(
  recipe: Recipe,
  model: EvaluatedModel,
  queries: ExplainedQueries,
  { folder, weights, displayNames, onUnreadable, ...options }: DrawOptions & PageOptions,
): Promise<Pick<ExplanationReport, 'explanations' | 'displayNames' | 'page'>> {
  const taken = new Set<string>()
  const shown: ShownExplanation[] = []
  const unreadable: (readonly [file: string, reason: string])[] = []
  const passOver: ExplainQueriesOptions['onUnreadable'] = (query, error) => {
    unreadable.push([query.name, error.message])
    onUnreadable?.(query, error)
  }
  const called = new ClassNames(
    displayNames,
    queries.classes.map(({ name }) => name),
  ).of
  const explaining = { ...options, called, onUnreadable: onUnreadable && passOver }
  const index = join(folder, 'index.html')
  await folderForDrawings(folder)
  await requireOwnPage(index)
  try {
    for await (const explained of explainQueries(recipe, model, queries, explaining)) {
      const { query, picture, explanation, drawing } = explained
      const path = join(folder, nameWithout(taken, query.fileName))
      const files = { svg: `${path}.svg`, jpeg: `${path}.jpg` }
      await writeFileAtomically(files.svg, drawing)
      await writeFileAtomically(files.jpeg, await drawingAsJpeg(drawing))
      shown.push({ drawn: { ...explanation, ...files }, thumbnail: await queryThumbnail(picture) })
    }
  } finally {
    if (shown.length > 0)
      await writeFileAtomically(index, explanationsPage(shown, { weights, unreadable, called }))
  }
  return {
    explanations: shown.map(({ drawn }) => drawn),
    displayNames,
    page: shown.length > 0 ? index : null,
  }
}

/** A page of earlier drawings may be replaced, anything else may not. */
async function requireOwnPage(file: string): Promise<void> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw new InputError(
      `${file}: the page of the drawings cannot be written there (${error.code}); name another folder`,
    )
  })
  if (text === undefined || text.includes(`<title>${explanationsTitle}</title>`)) return
  throw new InputError(`${file}: is there already and is no page of drawings; name another folder for them`)
}

async function folderForDrawings(folder: string): Promise<void> {
  try {
    await makeFolder(folder)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new InputError(
      `${folder}: expected a folder for drawings, but it cannot be made (${code}); name another`,
    )
  }
}
