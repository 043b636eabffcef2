import type { PairedResult } from '@m2l/m2l'
import type { TableColumn } from '@m2l/report'
import type { Measured } from './cards.js'
import { grouped } from './grouped.js'
import { namedRecipe } from './plan.js'

/** Rows of texts under headings. */
export interface ResultTable {
  readonly title: string
  readonly note: string
  readonly columns: readonly TableColumn[]
  readonly rows: readonly (readonly string[])[]
}

const datasets: Readonly<Record<string, string>> = {
  'cifar-fs': 'CIFAR-FS',
  fc100: 'FC100',
  omniglot: 'Omniglot',
  flowers: 'Flowers',
  emoji: 'Emoji',
}

/** The accuracy of each method on each data set, by ways and shots: the table of the README. */
export function accuracyTable(results: readonly Measured[]): ResultTable {
  const shown = results.filter(({ ablation }) => !ablation)
  const kinds = [...new Set(shown.map(episodesOf))].toSorted(byWays)
  const rows = grouped(shown, (result) => `${datasetOf(result)}\n${methodOf(result)}`)
  return {
    title: 'Accuracy',
    note: `In per cent, with 95 % intervals (Student's t), over ${counts(shown)} test episodes, the same for every method. Two numbers are two seeds, pretraining included.`,
    columns: ['data set', 'method', ...numbers(...kinds)],
    rows: [...rows].map(([name, ofRow]) => [
      ...name.split('\n'),
      ...kinds.map((kind) =>
        ofRow
          .filter((result) => episodesOf(result) === kind)
          .map((result) => accuracyOf(result))
          .join(', '),
      ),
    ]),
  }
}

/** Levels beside their fusion, and whether fusion helps, on the same episodes. */
export function levelsTable(results: readonly Measured[]): ResultTable {
  const fusions = results.filter(({ ablation, card }) => !ablation && Object.keys(card.accuracy).length > 2)
  const names = new Set(fusions.flatMap(({ card }) => Object.keys(card.accuracy)))
  const levels = [...names].filter((name) => name !== 'fused')
  return {
    title: 'Levels and their fusion',
    note: 'Differences are paired: of accuracies in the same episodes, with their 95 % intervals.',
    columns: [
      'data set',
      'method',
      'episodes',
      ...numbers('seed', 'fused', 'fused - best level', 'fused - ProtoNet', ...levels),
    ],
    rows: fusions.map((result) => [
      datasetOf(result),
      methodOf(result),
      episodesOf(result),
      String(result.seed),
      accuracyOf(result),
      ...[withOwnLevel(result), withOther(result)].map(differenceText),
      ...levels.map((level) => (level in result.card.accuracy ? accuracyOf(result, level) : '')),
    ]),
  }
}

/** One change at a time, in the episodes of the unchanged recipe. */
export function ablationTable(results: readonly Measured[]): ResultTable {
  const variants = results.filter(({ ablation }) => ablation)
  const [first] = variants
  const base = results.find(({ id }) => id === first?.against)
  const alone = base ? Object.keys(base.card.accuracy).filter((name) => name !== 'fused') : []
  return {
    title: 'Ablations',
    note: base
      ? `Of ${methodOf(base)} on ${datasetOf(base)}, ${episodesOf(base)}, seed ${base.seed}. With weights of the recipe a change is evaluated only, with its own it is trained, from the same pretraining; differences from the unchanged recipe are paired, with 95 % intervals.`
      : 'None is measured yet.',
    columns: ['what', 'variant', 'weights', ...numbers('accuracy', 'difference')],
    rows: [
      ...(base
        ? [
            ['recipe', 'as it is', 'its own', accuracyOf(base), ''],
            ...alone.map((level) => [
              'levels',
              `${level} alone, evaluated only`,
              'of the recipe',
              accuracyOf(base, level),
              '',
            ]),
          ]
        : []),
      ...variants.map((result) => [
        result.ablation!.group,
        result.ablation!.name,
        'of' in result.weights ? 'of the recipe' : 'its own',
        accuracyOf(result),
        differenceText(withOther(result)),
      ]),
    ],
  }
}

/** What each result took, and what it depends on. */
export function costTable(results: readonly Measured[]): ResultTable {
  return {
    title: 'What they took',
    note: 'Seconds on the wall, beside whatever else the machine did; recipes, weights and commits by the first digits of their hashes, which the cards have in full.',
    columns: [
      'result',
      ...numbers('pretraining (s)', 'training (s)', 'evaluation (s)', 'peak (MiB)'),
      'engine',
      'recipe',
      'weights',
      'commit',
    ],
    rows: results.map(({ id, card }) => {
      const { training, pretraining, engine } = card
      const trainedIn = training ? `trained in ${training.engine.precision}, ` : ''
      return [
        id,
        wholeSeconds(pretraining?.seconds),
        wholeSeconds(training?.seconds),
        wholeSeconds(card.seconds),
        String(Math.max(card.peakMib, training?.peakMib ?? 0, pretraining?.peakMib ?? 0)),
        `TensorFlow ${engine.tensorflow ?? 'of JavaScript'}, ${engine.device}, ${engine.threads} threads, ${trainedIn}evaluated in ${engine.precision}`,
        card.recipe.sha256.slice(0, 8),
        card.weights.sha256.slice(0, 8),
        `${card.code.commit?.slice(0, 8) ?? card.code.version}${card.code.modified ? ', changed' : ''}`,
      ]
    }),
  }
}

export function datasetOf({ recipe }: Measured): string {
  const { dataset } = namedRecipe(recipe)
  return datasets[dataset] ?? dataset
}

export function methodOf({ recipe, weights }: Measured): string {
  const method = namedRecipe(recipe).method.replace(/^M2L-map$/, 'M2L, parts of the map')
  return 'shipped' in weights ? `${method}, shipped ${weights.shipped}` : method
}

export function episodesOf({ recipe }: Measured): string {
  const { ways, shots } = namedRecipe(recipe)
  return `${ways}-way ${shots}-shot`
}

function numbers(...names: readonly string[]): TableColumn[] {
  return names.map((name) => ({ name, number: true }))
}

function byWays(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true })
}

function counts(results: readonly Measured[]): string {
  return [...new Set(results.map(({ card }) => card.episodes.count.toLocaleString('en')))].join(' or ')
}

function accuracyOf({ card }: Measured, level = 'fused'): string {
  return `${percent(card.accuracy[level]!)} ± ${percent(card.interval95[level]!)}`
}

function withOwnLevel({ card }: Measured): PairedResult | undefined {
  return card.paired.find(({ with: { level } }) => level !== 'fused')
}

function withOther({ card }: Measured): PairedResult | undefined {
  return card.paired.find(({ with: { level } }) => level === 'fused')
}

function differenceText(paired: PairedResult | undefined): string {
  if (!paired) return ''
  const { difference, interval95, with: other } = paired
  const level = other.level === 'fused' ? '' : ` (${other.level})`
  const size = percent(Math.abs(difference))
  const sign = Number(size) === 0 ? '' : difference < 0 ? '-' : '+'
  return `${sign}${size} ± ${percent(interval95)}${level}`
}

function percent(fraction: number): string {
  return (100 * fraction).toFixed(1)
}

function wholeSeconds(seconds: number | undefined): string {
  return seconds === undefined ? '' : seconds.toFixed(0)
}
