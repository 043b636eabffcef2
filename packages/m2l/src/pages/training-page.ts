import { details, figures, lineChart, page, table, type LineSeries, type Section } from '@m2l/report'
import { count } from '@m2l/engine'
import { writeFileAtomically } from '@m2l/engine-native'
import {
  meanLoss,
  type EpisodeTask,
  type RunFolder,
  type TrainingHistory,
  type TrainingPosition,
} from '@m2l/trainer'
import type { Recipe } from '../recipe/read-recipe.js'
import { notesSection } from './notes-section.js'
import { ends, madeAt, percent } from './numbers.js'
import { settings } from './settings.js'

/** A run as a page shows it. */
export interface TrainingPage {
  readonly recipe: Recipe
  readonly kind: 'pretraining' | 'training'
  readonly dataset: string
  readonly epochs: number
  readonly position: TrainingPosition
  /** What validations tell apart. */
  readonly validated: EpisodeTask
  /** What a person should know of the weights that it started from or went on with. */
  readonly notes: readonly string[]
}

type Epoch = TrainingHistory['epochs'][number]

/** Leaves the page of a run in its folder. */
export function writeTrainingPage(folder: RunFolder, shown: TrainingPage): Promise<void> {
  return writeFileAtomically(folder.page, trainingPage(shown))
}

/** The curves of a training run so far, and its settings, as an HTML document. */
export function trainingPage({
  recipe,
  kind,
  dataset,
  epochs,
  position,
  notes,
  validated: task,
}: TrainingPage): string {
  const { history, epoch: end } = position
  const classifies = kind === 'pretraining' ? 'all training classes' : 'the queries of episodes'
  const state =
    position.epoch < epochs
      ? `After ${position.epoch} of ${count(epochs, 'epoch')}`
      : epochs === 1
        ? 'The one epoch is done'
        : `All ${epochs} epochs are done`
  return page({
    title: `${recipe.name}: ${kind}`,
    summary: `${recipe.model.encoder} learns to classify ${classifies} of ${dataset}. ${state}.`,
    sections: [
      { title: 'So far', content: figures(standing(position, epochs, task)) },
      ...notesSection(notes),
      lossSection(history, end, kind),
      accuracySection(history, end, kind, task),
      {
        title: 'Learning rate',
        content: lineChart({
          label: 'The learning rate of each epoch',
          x: { label: 'epoch', whole: true, domain: [0, end] },
          y: {
            label: 'learning rate',
            domain: [0, Math.max(0, ...history.epochs.map(({ rate }) => rate))],
            logarithmic: true,
          },
          series: [
            { name: 'rate', points: history.epochs.map(({ epoch, rate }) => ({ x: epoch, y: rate })) },
          ],
        }),
      },
      {
        title: 'Settings',
        note: `Of ${recipe.name}, where they differ from the defaults.`,
        content: settings(recipe),
      },
    ],
    footer: madeAt(),
  })
}

function standing({ epoch, best, history }: TrainingPosition, epochs: number, task: EpisodeTask) {
  const last = history.epochs.at(-1)
  const ofBest = history.epochs.find((of) => of.epoch === best?.epoch)?.validation
  return [
    { label: 'epochs', value: epoch, detail: `of ${epochs}` },
    ...(best
      ? [
          {
            label: 'best validation accuracy',
            value: `${percent(best.accuracy)} %`,
            detail: `${ofBest ? `± ${percent(ofBest.halfWidth95)}, ` : ''}after epoch ${best.epoch}; ${task.text}`,
          },
        ]
      : []),
    ...(last
      ? [
          { label: 'training loss', value: number(last.loss), detail: 'mean of the last epoch' },
          { label: 'learning rate', value: number(last.rate), detail: 'in the last epoch' },
        ]
      : []),
  ]
}

function lossSection({ losses, epochs }: TrainingHistory, end: number, kind: TrainingPage['kind']): Section {
  const training = losses.map((point) => ({ x: point.epoch, y: meanLoss(point) }))
  const validation = validated(epochs).map(({ epoch, validation: { loss } }) => ({ x: epoch, y: loss }))
  const most = Math.max(0, ...losses.map(({ steps }) => steps))
  return {
    title: 'Loss',
    note:
      kind === 'pretraining'
        ? 'The training loss is that of classifying all training classes, the validation loss that of episodes by nearest prototypes: compare each with itself only.'
        : undefined,
    content: lineChart({
      label: 'Training and validation loss over the epochs',
      x: { label: 'epoch', whole: true, domain: [0, end] },
      y: { label: 'loss', logarithmic: true },
      series: named({ training, validation }),
      caption: `Each point of the training loss is a mean over ${count(most, 'step')} or less.`,
    }),
  }
}

function accuracySection(
  { epochs }: TrainingHistory,
  end: number,
  kind: TrainingPage['kind'],
  task: EpisodeTask,
): Section {
  const training = epochs.map(({ epoch, accuracy }) => ({ x: epoch, y: accuracy }))
  const validation = validated(epochs).map(({ epoch, validation: { accuracy, halfWidth95 } }) => ({
    x: epoch,
    y: accuracy,
    ...ends({ mean: accuracy, halfWidth95 }),
  }))
  return {
    title: 'Accuracy',
    note: `The band is the 95 % interval of the validation accuracy (${task.text}).${kind === 'pretraining' ? ' Training and validation tell different classes apart, and differently many.' : ''}`,
    content: [
      lineChart({
        label: 'Training and validation accuracy after each epoch',
        x: { label: 'epoch', whole: true, domain: [0, end] },
        y: { label: 'accuracy (%)', percent: true },
        series: named({ training, validation }),
      }),
      details(
        'All numbers',
        table({
          columns: [
            'epoch',
            'learning rate',
            'training loss',
            'training accuracy (%)',
            'validation loss',
            'validation accuracy (%)',
          ].map((name) => ({ name, number: true })),
          rows: epochs.map(({ epoch, rate, loss, accuracy, validation: of }) => [
            epoch,
            number(rate),
            number(loss),
            percent(accuracy),
            of ? number(of.loss) : '',
            of ? `${percent(of.accuracy)} ± ${percent(of.halfWidth95)}` : '',
          ]),
        }),
      ),
    ],
  }
}

/** Series that have points. */
function named(series: Readonly<Record<string, LineSeries['points']>>): LineSeries[] {
  return Object.entries(series).flatMap(([name, points]) => (points.length > 0 ? [{ name, points }] : []))
}

function validated(epochs: readonly Epoch[]) {
  return epochs.flatMap(({ epoch, validation }) => (validation ? [{ epoch, validation }] : []))
}

function number(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(4))) : 'not finite'
}
