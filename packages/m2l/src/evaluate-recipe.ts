import { join } from 'node:path'
import { InputError, randomKey, writeFileAtomically } from '@m2l/engine'
import {
  assertManifestMatches,
  readManifest,
  sampleManifest,
  writeManifest,
  type EpisodeManifest,
} from '@m2l/samplers'
import {
  EpisodeImages,
  evaluate,
  fileExists,
  interval95,
  loadCheckpoint,
  openRunFolder,
  type Evaluation,
  type Interval,
} from '@m2l/trainer'
import { createModel } from './create-model.js'
import { episodeTransforms, openRecipeDataset, requireSplit } from './recipe-data.js'
import type { RecipeRunOptions } from './recipe-run.js'
import type { Recipe } from './recipe/read-recipe.js'
import { isDropBlockCounter, ownName } from './weights/published-names.js'

/** What to evaluate, and on what. */
export interface EvaluateOptions extends Omit<RecipeRunOptions, 'existing' | 'onValidation'> {
  /** The checkpoint, a safetensors file or of PyTorch; the best of the run folder if not given. */
  readonly checkpoint?: string
  /** A manifest of episodes to replay; drawn from the recipe's seed if not given. */
  readonly manifest?: string
}

/** The accuracy of a recipe's model on test episodes; all accuracies are fractions of 1. */
export interface EvaluationReport {
  readonly recipe: string
  readonly checkpoint: string
  readonly dataset: string
  readonly split: string
  readonly ways: number
  readonly shots: number | readonly number[]
  readonly queries: number
  readonly episodes: number
  /** Of the fused prediction as `fused`, and of each level alone under its name. */
  readonly accuracy: Readonly<Record<string, number>>
  /** Half widths of the 95 % intervals, under the same names. */
  readonly interval95: Readonly<Record<string, number>>
  /** The fused prediction in each of `test.total_testtimes` rounds. */
  readonly rounds: readonly { readonly accuracy: number; readonly interval95: number }[]
  readonly manifest: string
  readonly result: string
  readonly seconds: number
}

/**
 * Evaluates a checkpoint on the test split, and leaves the episodes (`test-manifest.jsonl`) and the result
 * (`result.json`) in the run folder.
 *
 * @throws {InputError} when the data, the checkpoint or the manifest cannot be used
 */
export async function evaluateRecipe(
  recipe: Recipe,
  options: EvaluateOptions = {},
): Promise<EvaluationReport> {
  const model = await createModel(recipe)
  try {
    const checkpoint = options.checkpoint ?? join(recipe.folder, 'best.safetensors')
    await requireCheckpoint(checkpoint)
    await loadCheckpoint(
      checkpoint,
      { model: model.state },
      { optional: isDropBlockCounter, rename: ownName },
    )
    const folder = await openRunFolder(recipe.folder)
    const dataset = await openRecipeDataset(recipe, ['test'], options.onRender)
    try {
      const images = new EpisodeImages(
        dataset,
        requireSplit(recipe, dataset, 'test'),
        episodeTransforms(recipe),
      )
      const manifest = options.manifest
        ? await replayedManifest(options.manifest, images)
        : drawnManifest(recipe, images)
      const evaluation = await evaluate({ ...options, model, images, episodes: manifest.episodes })
      const result = join(folder.path, 'result.json')
      const manifestFile = join(folder.path, 'test-manifest.jsonl')
      const report: EvaluationReport = {
        recipe: recipe.name,
        checkpoint,
        dataset: dataset.name,
        split: images.split.name,
        ways: manifest.ways,
        shots: manifest.shots,
        queries: manifest.queries,
        episodes: manifest.episodes.length,
        ...accuracies(evaluation),
        rounds: rounds(evaluation, recipe.test.total_testtimes),
        manifest: manifestFile,
        result,
        seconds: evaluation.seconds,
      }
      await writeManifest(manifestFile, manifest)
      await writeFileAtomically(result, `${JSON.stringify(report, null, 2)}\n`)
      return report
    } finally {
      await dataset.close()
    }
  } finally {
    model.dispose()
  }
}

/** Test episodes drawn from the recipe's seed: `test.episode` for each of `test.total_testtimes` rounds. */
function drawnManifest(recipe: Recipe, { dataset, split }: EpisodeImages): EpisodeManifest {
  const { query_per_class_per_episode: queries, episode, total_testtimes: times } = recipe.test
  return sampleManifest(dataset.name, split, {
    ways: recipe.n_way,
    shots: recipe.k_shot,
    queries,
    episodes: episode * times,
    key: randomKey(recipe.seed).fold('test'),
  })
}

async function replayedManifest(file: string, { split }: EpisodeImages): Promise<EpisodeManifest> {
  const manifest = await readManifest(file)
  assertManifestMatches(manifest, split)
  return manifest
}

async function requireCheckpoint(file: string): Promise<void> {
  if (await fileExists(file)) return
  throw new InputError(
    `${file}: there is no such checkpoint; train first (m2l train), or name a checkpoint's file with --checkpoint`,
  )
}

function accuracies({ fused, levels }: Evaluation): Pick<EvaluationReport, 'accuracy' | 'interval95'> {
  const named: [string, Interval][] = [['fused', fused], ...Object.entries(levels)]
  return {
    accuracy: Object.fromEntries(named.map(([name, { mean }]) => [name, mean])),
    interval95: Object.fromEntries(named.map(([name, { halfWidth95 }]) => [name, halfWidth95])),
  }
}

function rounds({ perEpisode }: Evaluation, times: number): EvaluationReport['rounds'] {
  const size = Math.ceil(perEpisode.fused.length / times)
  return Array.from({ length: times }, (_, round) => {
    const { mean, halfWidth95 } = interval95(perEpisode.fused.subarray(round * size, (round + 1) * size))
    return { accuracy: mean, interval95: halfWidth95 }
  })
}
