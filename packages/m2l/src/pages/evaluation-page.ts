import { count } from '@m2l/engine'
import {
  barChart,
  calibrationCurve,
  confusionMatrix,
  details,
  figures,
  mostConfused,
  page,
  table,
  type Section,
} from '@m2l/report'
import type { Episode, EpisodeManifest } from '@m2l/samplers'
import {
  calibration,
  describeGuessing,
  type EpisodeImages,
  type Evaluation,
  type Interval,
} from '@m2l/trainer'
import type { EvaluatedModel } from '@m2l/model'
import { ClassNames } from '../class-names/class-names.js'
import type { EvaluationReport } from '../evaluation/evaluation-report.js'
import type { Recipe } from '../recipe/read-recipe.js'
import { classResults, type ClassResult } from './class-results.js'
import { whyUnexplained } from '../model/trained-model.js'
import { explainedMistakes } from './explained-mistakes.js'
import { hardest, hardestEpisodes } from './hardest-episodes.js'
import { ends, intervalText, madeAt, named, percent } from './numbers.js'
import { notesSection } from './notes-section.js'
import { settings } from './settings.js'
import { shotsSection, type EvaluationOfShots } from './shots-section.js'

/** An evaluation as a page shows it. */
export interface EvaluationPage {
  readonly recipe: Recipe
  readonly model: EvaluatedModel
  readonly report: EvaluationReport
  readonly manifest: EpisodeManifest
  readonly images: EpisodeImages
  /** Of the manifest's episodes. */
  readonly evaluation: Evaluation
  /** Of episodes of several numbers of shots; may be empty. */
  readonly byShots: readonly EvaluationOfShots[]
}

/** In how many of the hardest episodes a mistake is explained. */
const mostExplained = 3

/** An interval over fewer episodes than this says next to nothing. */
const fewestOfInterval = 5

/** What an evaluation found, as an HTML document. */
export async function evaluationPage(shown: EvaluationPage): Promise<string> {
  const { recipe, model, report, manifest, images, evaluation, byShots } = shown
  const labels = images.split.classes.map(({ name }) => name)
  const called = new ClassNames(report.displayNames ?? {}, labels).of
  const names = labels.map(called)
  const { perClass, confusion } = classResults(evaluation, manifest.episodes, names)
  const pairs = mostConfused(confusion, 12)
  const mistakes =
    whyUnexplained(model) !== undefined
      ? []
      : await explainedMistakes(
          { recipe, model, images, evaluation, called, episodes: manifest.episodes },
          hardest(evaluation).slice(0, mostExplained),
        )
  return page({
    title: `${recipe.name}: evaluation`,
    summary: `${count(report.episodes, `${report.ways}-way ${shotsText(report.shots)} episode`)} of ${report.dataset} (${report.split}), ${count(report.queries, 'query', 'queries')} of each class.`,
    sections: [
      ...notesSection(report.notes),
      accuracySection(report, evaluation),
      classSection(perClass, report.ways),
      {
        title: 'Confusion',
        note: 'Of the fused prediction. A class can only be taken for those beside it in an episode.',
        content: [
          confusionMatrix(confusion),
          pairs.length > 0 &&
            table({
              columns: [
                'class',
                'taken for',
                { name: 'times', number: true },
                { name: 'share (%)', number: true },
              ],
              rows: pairs.map(({ actual, predicted, count: times, share }) => [
                actual,
                predicted,
                times,
                percent(share),
              ]),
            }),
        ],
      },
      ...(byShots.length > 0 ? [shotsSection(byShots)] : []),
      calibrationSection(evaluation, manifest.episodes),
      {
        title: 'The hardest episodes',
        note: 'Those of the lowest fused accuracy. Below each query: whether its class was predicted, otherwise which one, and the probability that was given to it.',
        content: await hardestEpisodes(evaluation, manifest.episodes, images, called),
      },
      ...(mistakes.length > 0
        ? [
            {
              title: 'Why',
              note: 'The surest mistake of each of the hardest episodes: where in the pictures the scores of the predicted and of the true class come from.',
              content: mistakes,
            },
          ]
        : []),
      {
        title: 'How it was measured',
        content: table({
          columns: ['what', 'value'],
          rows: [
            ['checkpoint', report.checkpoint],
            ['split', `${report.split}, ${count(names.length, 'class')}, SHA-256 ${images.split.hash}`],
            ['episodes', report.manifest],
            ['predictions', report.predictions],
            ['precision', report.precision],
            ['levels', weights(recipe, evaluation)],
          ],
        }),
      },
      { title: 'Settings', note: 'Where they differ from the defaults.', content: settings(recipe) },
    ],
    footer: madeAt(),
  })
}

function accuracySection({ rounds, ways }: EvaluationReport, evaluation: Evaluation): Section {
  const all = named<Interval>(evaluation)
  return {
    title: 'Accuracy',
    note: `Mean over the episodes, with its 95 % interval (Student’s t). Of ${count(ways, 'class')}, ${describeGuessing(1 / ways)}.`,
    content: [
      figures(
        all.map(([name, interval]) => ({
          label: name === 'fused' ? 'all levels fused' : `${name} level alone`,
          value: `${percent(interval.mean)} %`,
          detail: `± ${percent(interval.halfWidth95, 2)}`,
        })),
      ),
      barChart({
        label: 'Accuracy of the fused prediction and of each level',
        value: { label: 'accuracy (%)', percent: true, domain: [0, 1] },
        bars: all.map(([name, interval]) => ({
          name,
          value: interval.mean,
          ...ends(interval),
          text: intervalText(interval),
        })),
        reference: { name: 'chance', value: 1 / ways },
      }),
      rounds.length > 1 &&
        details(
          `${rounds.length} rounds`,
          table({
            columns: ['round', { name: 'accuracy (%)', number: true }],
            rows: rounds.map((round, index) => [
              index + 1,
              intervalText({ mean: round.accuracy, halfWidth95: round.interval95 }),
            ]),
          }),
        ),
    ],
  }
}

function classSection(perClass: readonly ClassResult[], ways: number): Section {
  const sorted = [...perClass].sort((a, b) => a.accuracy.mean - b.accuracy.mean)
  return {
    title: 'Accuracy of each class',
    note: `Of the fused prediction, over the episodes in which the class occurs, with an interval where these are at least ${fewestOfInterval}; the hardest class first.`,
    content: [
      barChart({
        label: 'Accuracy of each class',
        value: { label: 'accuracy (%)', percent: true, domain: [0, 1] },
        bars: sorted.map(({ name, accuracy, episodes }) => ({
          name,
          value: accuracy.mean,
          ...(episodes >= fewestOfInterval && ends(accuracy)),
          text: classText({ accuracy, episodes }),
        })),
        reference: { name: 'chance', value: 1 / ways },
      }),
      details(
        'All numbers',
        table({
          columns: ['class', { name: 'accuracy (%)', number: true }, { name: 'episodes', number: true }],
          rows: sorted.map((of) => [of.name, classText(of), of.episodes]),
        }),
      ),
    ],
  }
}

function classText({ accuracy, episodes }: Omit<ClassResult, 'name'>): string {
  return episodes >= fewestOfInterval ? intervalText(accuracy) : percent(accuracy.mean)
}

function calibrationSection({ predictions, confidences }: Evaluation, episodes: readonly Episode[]): Section {
  const labels = episodes.flatMap(({ query }) => query.flatMap((of, way) => of.map(() => way)))
  const given = new Map(named(confidences))
  const series = named(predictions).map(([name, ofEpisodes]) => {
    const right = ofEpisodes.flatMap((ways) => [...ways]).map((way, index) => way === labels[index])
    const { bins, error } = calibration(
      given.get(name)!.flatMap((values) => [...values]),
      right,
    )
    return { name, points: bins, error }
  })
  return {
    title: 'Calibration',
    note: 'How often predictions of a confidence are right, in 15 bins of equal width: on the diagonal confidence can be trusted, below it promises too much. ECE, the expected calibration error, is the mean distance from the diagonal. Confidences are those that enter the fusion; a larger dot stands for more predictions.',
    content: calibrationCurve(series),
  }
}

function weights({ model }: Recipe, { levels }: Evaluation): string {
  return `${Object.keys(levels).join(', ')}; fusion ${model.fusion}`
}

function shotsText(shots: EvaluationReport['shots']): string {
  return typeof shots === 'number' ? `${shots}-shot` : `${shots.join('/')}-shot`
}
