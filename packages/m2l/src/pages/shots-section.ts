import { count } from '@m2l/engine'
import { lineChart, table, type Section } from '@m2l/report'
import type { EpisodeManifest } from '@m2l/samplers'
import { sliceEvaluation, type Evaluation, type Interval } from '@m2l/trainer'
import type { EpisodesOfShots } from '../evaluation/episodes-by-shots.js'
import { ends, intervalText, named } from './numbers.js'

/** Episodes of a number of shots, and what came of them. */
export interface EvaluationOfShots {
  readonly of: EpisodesOfShots
  readonly evaluation: Evaluation
}

/** Takes apart an evaluation of a manifest's episodes followed by those of each number of shots. */
export function divideEvaluation(
  whole: Evaluation,
  manifest: EpisodeManifest,
  byShots: readonly EpisodesOfShots[],
): { readonly evaluation: Evaluation; readonly byShots: readonly EvaluationOfShots[] } {
  let next = manifest.episodes.length
  return {
    evaluation: sliceEvaluation(whole, 0, next),
    byShots: byShots.map((of) => {
      const start = next
      next += of.episodes.length
      return { of, evaluation: sliceEvaluation(whole, start, next) }
    }),
  }
}

/** The accuracy of a model by the number of shots, which is at least one number. */
export function shotsSection(byShots: readonly EvaluationOfShots[]): Section {
  const series = named(byShots[0]!.evaluation).map(([name]) => ({
    name,
    points: byShots.map(({ of: { shots }, evaluation }) => {
      const interval = name === 'fused' ? evaluation.fused : evaluation.levels[name]!
      return { x: shots, y: interval.mean, ...(name === 'fused' && ends(interval)) }
    }),
  }))
  const [{ of: first }] = byShots as [EvaluationOfShots]
  return {
    title: 'Accuracy against shots',
    note: `The same model on ${count(first.episodes.length, 'further episode')} for each number of support images of a class, drawn from the recipe’s seed, with the same classes whatever the shots: fewer than above, so that intervals are wider. The band is the 95 % interval of the fused prediction.`,
    content: [
      lineChart({
        label: 'Accuracy against the number of support images of each class',
        x: { label: 'shots', ticks: byShots.map(({ of }) => of.shots) },
        y: { label: 'accuracy (%)', percent: true },
        series,
      }),
      table({
        columns: ['shots', 'queries of a class', ...series.map(({ name }) => `${name} (%)`)].map((name) => ({
          name,
          number: true,
        })),
        rows: byShots.map(({ of, evaluation }) => [
          of.shots,
          of.queries,
          ...named<Interval>(evaluation).map(([, interval]) => intervalText(interval)),
        ]),
      }),
    ],
  }
}
