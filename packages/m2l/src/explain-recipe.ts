import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { InputError, writeFileAtomically } from '@m2l/engine'
import { drawExplanation, drawingAsPng, QueryExplainer, type QueryExplanation } from '@m2l/explain'
import { openEpisode, type EpisodeQueries } from './explained/episode-queries.js'
import type { ExplainedQueries } from './explained/explained-queries.js'
import { openFiles, type FileQueries } from './explained/file-queries.js'
import { nameWithout } from './explained/file-names.js'
import { episodeTransforms, type DataOptions } from './recipe-data.js'
import type { Recipe } from './recipe/read-recipe.js'
import { trainedModel } from './trained-model.js'

/** What to explain, and where to draw it. */
export interface ExplainRecipeOptions extends DataOptions {
  /** Pictures by a folder of examples, or queries of an evaluated episode. */
  readonly queries: FileQueries | EpisodeQueries
  /** The folder for the drawings; made where it is not there. */
  readonly folder: string
  /** The checkpoint, a safetensors file or of PyTorch; the best of the run folder if not given. */
  readonly checkpoint?: string
  /** For how many of the likeliest classes it is told where scores came from; 2 if not given. */
  readonly classes?: number
}

/** Why queries were taken for what they were taken for. */
export interface ExplanationReport {
  readonly recipe: string
  readonly checkpoint: string
  readonly explanations: readonly DrawnExplanation[]
}

/** An explanation and the files that it was drawn to. */
export interface DrawnExplanation extends QueryExplanation {
  readonly svg: string
  readonly png: string
}

/**
 * Explains what a recipe's model takes queries for, and draws it: `<query>.svg` and `<query>.png` for each.
 *
 * @throws {InputError} when the checkpoint, the supports or a query cannot be used, or the folder cannot be made
 */
export async function explainRecipe(
  recipe: Recipe,
  options: ExplainRecipeOptions,
): Promise<ExplanationReport> {
  const { queries, folder, classes } = options
  const { model, checkpoint } = await trainedModel(recipe, options.checkpoint)
  let explainer: QueryExplainer | undefined
  try {
    const explained: ExplainedQueries =
      'episode' in queries
        ? await openEpisode(recipe, model, queries, options)
        : await openFiles(queries, options)
    explainer = new QueryExplainer({ model, transforms: episodeTransforms(recipe), ...explained.support })
    const { classes: examples } = explained.support
    await makeFolder(folder)
    const taken = new Set<string>()
    const explanations: DrawnExplanation[] = []
    for (const { truth, fileName, ...query } of explained.queries) {
      options.signal?.throwIfAborted()
      const explanation = await explainer.explain(query, {
        ...(classes !== undefined && { classes }),
        ...(truth !== undefined && { truth }),
      })
      const drawing = await drawExplanation(explanation, { query: query.picture, classes: examples })
      const name = nameWithout(taken, fileName)
      const [svg, png] = [join(folder, `${name}.svg`), join(folder, `${name}.png`)]
      await writeFileAtomically(svg, drawing)
      await writeFileAtomically(png, await drawingAsPng(drawing))
      explanations.push({ ...explanation, svg, png })
    }
    return { recipe: recipe.name, checkpoint, explanations }
  } finally {
    explainer?.dispose()
    model.dispose()
  }
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new InputError(`${folder}: expected a folder for drawings, but it cannot be made (${code})`)
  }
}
