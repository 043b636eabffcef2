import { chooseImages, type FeatureSet } from '@m2l/classifier'
import { createHash } from 'node:crypto'
import { basename } from 'node:path'
import { count, loadEngine, randomKey, tf } from '@m2l/engine'
import type { Embedding } from '@m2l/metric'
import { disposeState } from '@m2l/nn'
import { sampleManifest, type EpisodeManifest, type EpisodeSplit } from '@m2l/samplers'
import { evaluate, type EpisodeFeatures, type Interval, type Progress } from '@m2l/trainer'
import type { Recipe } from '../recipe/read-recipe.js'
import { readFeatures } from './feature-file.js'
import { featureMetric } from './feature-metric.js'

/** The accuracy of levels on episodes of features; all accuracies are fractions of 1. */
export interface FeatureEvaluation {
  readonly recipe: string
  /** The file of features. */
  readonly features: string
  /** The weights that made them, where the file says. */
  readonly weights: string | null
  readonly ways: number
  readonly shots: EpisodeManifest['shots']
  readonly queries: number
  readonly episodes: number
  /** What guessing gives. */
  readonly chance: number
  /** Of the fused prediction as `fused`, and of each level alone under its name. */
  readonly accuracy: Readonly<Record<string, number>>
  /** Half widths of the 95 % intervals, under the same names. */
  readonly interval95: Readonly<Record<string, number>>
  /** Hexadecimal SHA-256 over labels and names, which the episodes index. */
  readonly splitHash: string
  readonly notes: readonly string[]
  readonly seconds: number
}

/**
 * Evaluates the levels of a recipe on features, in place of its model and data: its test episodes are drawn
 * from their labels by its seed. Nothing is written.
 *
 * @throws {InputError} when the file cannot be used, a level needs what features do not have, or there are
 *   too few classes or pictures for the episodes
 */
export async function evaluateFeatures(
  recipe: Recipe,
  file: string,
  options: { readonly onProgress?: (progress: Progress) => void; readonly signal?: AbortSignal } = {},
): Promise<FeatureEvaluation> {
  await loadEngine()
  const set = await readFeatures(file)
  const { split, rows, unlabelled } = splitOf(set)
  const { query_per_class_per_episode: queries, episode, total_testtimes: times } = recipe.test
  const manifest = sampleManifest(basename(file), split, {
    ways: recipe.n_way,
    shots: recipe.k_shot,
    queries,
    episodes: episode * times,
    key: randomKey(recipe.seed).fold('test'),
  })
  const metric = featureMetric(set.map.shape.slice(1), recipe)
  try {
    const { episodes } = manifest
    const measured = await evaluate({
      ...options,
      model: { metric },
      features: featuresOf(set, rows),
      episodes,
    })
    const named: [string, Interval][] = [['fused', measured.fused], ...Object.entries(measured.levels)]
    return {
      recipe: recipe.name,
      features: file,
      weights: set.weights ?? null,
      ways: manifest.ways,
      shots: manifest.shots,
      queries: manifest.queries,
      episodes: episodes.length,
      chance: 1 / manifest.ways,
      accuracy: Object.fromEntries(named.map(([name, { mean }]) => [name, mean])),
      interval95: Object.fromEntries(named.map(([name, { halfWidth95 }]) => [name, halfWidth95])),
      splitHash: split.hash,
      notes:
        unlabelled === 0
          ? []
          : [
              `${unlabelled} of ${count(set.names.length, 'picture')} ${unlabelled === 1 ? 'has no label and is' : 'have no label and are'} left out`,
            ],
      seconds: measured.seconds,
    }
  } finally {
    disposeState(metric.state)
  }
}

/** The labels of features as classes, sorted as folders are, and the rows of their pictures. */
function splitOf({ source, names, labels }: FeatureSet): {
  split: EpisodeSplit
  rows: readonly (readonly number[])[]
  unlabelled: number
} {
  const byLabel = new Map<string, number[]>()
  for (const [row, label] of labels.entries()) {
    if (label === null) continue
    const ofLabel = byLabel.get(label)
    if (ofLabel) ofLabel.push(row)
    else byLabel.set(label, [row])
  }
  const sorted = [...byLabel].toSorted(([a], [b]) => (a < b ? -1 : 1))
  const classes = sorted.map(([name, rows]) => ({ name, images: rows.map((row) => names[row]!) }))
  const hash = createHash('sha256').update(JSON.stringify(classes)).digest('hex')
  return {
    split: { name: source, classes, hash },
    rows: sorted.map(([, rows]) => rows),
    unlabelled: labels.filter((label) => label === null).length,
  }
}

function featuresOf({ map }: FeatureSet, rows: readonly (readonly number[])[]): EpisodeFeatures {
  const gather = (positions: readonly number[]): Embedding => {
    const { shape, data } = chooseImages({ map }, positions).map!
    return { map: tf.tensor4d(data, [...shape] as [number, number, number, number]) }
  }
  return {
    size: { images: map.shape[0]!, bytes: map.data.byteLength, place: 'memory' },
    embeddings(episodes) {
      const shots = episodes[0]!.support.map(({ length }) => length)
      const role = (of: 'support' | 'query') =>
        gather(
          episodes.flatMap(({ classes, [of]: images }) =>
            images.flatMap((ofClass, way) => ofClass.map((image) => rows[classes[way]!]![image]!)),
          ),
        )
      return { episodes: episodes.length, support: { ...role('support'), shots }, query: role('query') }
    },
  }
}
