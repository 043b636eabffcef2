import { dirname } from 'node:path'
import { randomKey } from '@m2l/engine'
import { writeFileAtomically } from '@m2l/engine-native'
import { manifestHash, type EpisodeManifest } from '@m2l/samplers'
import { pairedDifference, type Evaluation } from '@m2l/trainer'
import type { EvaluatedModel } from '@m2l/model'
import type { ImageSplit } from '@m2l/datasets'
import { compareResults } from '../compare/compare-results.js'
import type { EvaluationReport } from '../evaluation/evaluation-report.js'
import { recipeHash } from '../recipe/recipe-hash.js'
import type { Recipe } from '../recipe/read-recipe.js'
import { initialWeights } from '../weights/initial-weights.js'
import { codeVersion } from './code-version.js'
import { engineUsed, peakMib } from './engine-used.js'
import type { PairedResult, ResultCard } from './result-card.js'
import { readTrainingRecord } from './training-record.js'

/** An evaluation whose files are written. */
export interface CardSource {
  readonly recipe: Recipe
  readonly model: EvaluatedModel
  readonly report: EvaluationReport
  readonly split: ImageSplit
  /** The file of the weights, and its SHA-256 as it was read. */
  readonly weights: { readonly file: string; readonly sha256: string }
  readonly manifest: EpisodeManifest
  readonly evaluation: Evaluation
  /** Run folders of other results on the same episodes. */
  readonly against: readonly string[]
}

const permutations = 10_000

/**
 * Writes the card of an evaluation.
 *
 * @throws {InputError} when a result to compare with cannot be read or is of other episodes
 */
export async function writeCard(file: string, source: CardSource): Promise<void> {
  await writeFileAtomically(file, `${JSON.stringify(await makeCard(source), null, 2)}\n`)
}

async function makeCard(source: CardSource): Promise<ResultCard> {
  const { recipe, model, report, split, manifest } = source
  const { accuracy, interval95 } = report
  const training = await readTrainingRecord(dirname(source.weights.file))
  const pretrained = training ? initialWeights(recipe) : undefined
  return {
    format: 'm2l-card',
    version: 1,
    recipe: { name: recipe.name, sha256: recipeHash(recipe) },
    seed: recipe.seed,
    data: {
      name: report.dataset,
      split: split.name,
      sha256: split.hash,
      classes: split.classes.length,
      images: split.classes.reduce((sum, { images }) => sum + images.length, 0),
      pictures: report.picturesHash,
    },
    episodes: {
      manifest: manifestHash(manifest),
      count: report.episodes,
      ways: report.ways,
      shots: typeof report.shots === 'number' ? report.shots : [...report.shots],
      queries: report.queries,
    },
    weights: {
      sha256: source.weights.sha256,
      parameters: parameterCount(model),
    },
    code: await codeVersion(),
    engine: await engineUsed(),
    differences: [...report.differences],
    notes: [...report.notes],
    accuracy: rounded(accuracy),
    interval95: rounded(interval95),
    ...rounded({ chance: report.chance }),
    paired: [...withBestLevel(source), ...(await withOthers(source))],
    seconds: Number(report.seconds.toFixed(1)),
    peakMib: peakMib(),
    training: training ?? null,
    pretraining: (pretrained === undefined ? null : await readTrainingRecord(dirname(pretrained))) ?? null,
  }
}

/** The fusion of several levels against the one that is best alone, in these very episodes. */
function withBestLevel({ recipe, model, evaluation: { levels, perEpisode } }: CardSource): PairedResult[] {
  const fused = new Set(model.metric.levels.filter(({ weight }) => weight > 0).map(({ level }) => level.name))
  const byAccuracy = Object.entries(levels)
    .filter(([name]) => fused.has(name))
    .toSorted(([, a], [, b]) => b.mean - a.mean)
  if (byAccuracy.length < 2) return []
  const [level] = byAccuracy[0]!
  const { mean, halfWidth95, pPermutation } = pairedDifference(
    perEpisode.fused,
    perEpisode.levels[level]!,
    randomKey(1).fold('card', level),
    permutations,
  )
  return [
    {
      with: { recipe: recipe.name, level },
      ...rounded({ difference: mean, interval95: halfWidth95, pPermutation }),
    },
  ]
}

async function withOthers({ report, against }: CardSource): Promise<PairedResult[]> {
  const paired: PairedResult[] = []
  for (const other of against) {
    const { b, levels } = await compareResults(dirname(report.result), other, { permutations })
    const { difference, interval95, pPermutation } = levels['fused']!
    paired.push({
      with: { recipe: b.recipe, level: 'fused' },
      ...rounded({ difference, interval95, pPermutation }),
    })
  }
  return paired
}

/** With the running statistics of batch norms, as files of weights have them. */
function parameterCount(model: EvaluatedModel): number {
  if ('network' in model) return model.parameters
  return Object.values(model.state).reduce((sum, { value }) => sum + value.size, 0)
}

/** To six decimals, far below what any number of episodes can tell. */
function rounded<Numbers extends Readonly<Record<string, number>>>(numbers: Numbers): Numbers {
  return Object.fromEntries(
    Object.entries(numbers).map(([name, value]) => [name, Number(value.toFixed(6))]),
  ) as Numbers
}
