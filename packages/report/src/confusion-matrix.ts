import * as Plot from '@observablehq/plot'
import { emptyChart, svg } from './chart.js'
import { html, type Html } from './html.js'
import { percent } from './scale.js'
import { nameWidth, shortName } from './short-name.js'

/** How often things of a class were taken for things of each. */
export interface Confusion {
  readonly classes: readonly string[]
  /** `counts[i][j]` of class i were predicted as class j. */
  readonly counts: readonly (readonly number[])[]
}

/** A class that is taken for another. */
export interface ConfusedPair {
  readonly actual: string
  readonly predicted: string
  readonly count: number
  /** Of all of the actual class, a fraction of 1. */
  readonly share: number
}

/** So many classes are drawn at most; of more, those with the largest share of mistakes. */
const mostClasses = 100

/**
 * Up to so many classes a cell's share is written in it, and each cell is explained where the pointer rests
 * on it.
 */
const mostWritten = 24
const mostExplained = 50

/**
 * A matrix of who is taken for whom: a row for each class, the share of its predictions in each column. Right
 * ones are on the diagonal, in a colour of their own. A large matrix is moved sideways alone.
 */
export function confusionMatrix(confusion: Confusion): Html {
  if (confusion.classes.length === 0) return emptyChart('Confusion matrix')
  const shown = worstClasses(confusion, mostClasses)
  const classes = shown.map((index) => confusion.classes[index]!)
  const cells = shown.flatMap((ofRow, actual) => {
    const row = confusion.counts[ofRow]!
    const total = sum(row)
    return shown.flatMap((ofColumn, predicted) => {
      const count = row[ofColumn]!
      return count > 0 ? { actual, predicted, count, share: count / total } : []
    })
  })
  const drawn = svg(matrix(classes, cells), `Confusion matrix of ${classes.length} classes`)
  const all = confusion.classes.length
  return html`<figure class="matrix">
    <div class="scroll" tabindex="0">${drawn}</div>
    <figcaption>
      A row for each class, a column for each that was predicted; in per cent of the
      row.${all > classes.length && ` The ${classes.length} of ${all} classes with the largest share of mistakes.`}
    </figcaption>
  </figure>`
}

interface Cell {
  readonly actual: number
  readonly predicted: number
  readonly count: number
  readonly share: number
}

function matrix(classes: readonly string[], cells: readonly Cell[]): Plot.PlotOptions {
  const size = classes.length
  const side = Math.max(12, Math.min(44, Math.floor(600 / size)))
  const fontSize = Math.min(12, side - 2)
  const letters = Math.min(18, Math.max(1, ...classes.map(nameWidth)))
  const names = Math.ceil(letters * fontSize * 0.62) + 14
  const positions = classes.map((_, position) => position)
  const axis = {
    label: null,
    tickSize: 0,
    tickFormat: (position: number) => shortName(classes[position]!, letters),
    fontSize,
    fill: 'var(--text)',
  }
  return {
    width: names + size * side + 12,
    height: names + size * side + 12,
    marginTop: names,
    marginLeft: names,
    marginRight: 12,
    marginBottom: 12,
    padding: size <= mostExplained ? 0.06 : 0,
    x: { domain: positions },
    y: { domain: positions },
    marks: [
      Plot.axisX({ ...axis, anchor: 'top', tickRotate: -90 }),
      Plot.axisY(axis),
      Plot.frame({ stroke: 'var(--line)' }),
      Plot.cell(cells, {
        x: 'predicted',
        y: 'actual',
        fill: {
          value: ({ actual, predicted }: Cell) => (actual === predicted ? 'var(--right)' : 'var(--wrong)'),
          scale: null,
        },
        // The root, so that a few mistakes are seen as well.
        fillOpacity: { value: ({ share }: Cell) => Math.sqrt(share).toFixed(2), scale: null },
        ...(size <= mostExplained && {
          title: ({ actual, predicted, count, share }: Cell) =>
            `${classes[actual]} as ${classes[predicted]}: ${count}, ${percent(share, 1)} %`,
        }),
      }),
      Plot.text(size <= mostWritten ? cells : [], {
        x: 'predicted',
        y: 'actual',
        text: ({ share }: Cell) => percent(share, 0),
        fill: 'var(--text)',
        stroke: 'var(--card)',
        strokeWidth: 3,
        fontSize: Math.min(12, side / 2.4),
      }),
    ],
  }
}

/** The pairs of classes that are confused most, by the share of the actual class. */
export function mostConfused({ classes, counts }: Confusion, most: number): ConfusedPair[] {
  return counts
    .flatMap((row, actual) => {
      const total = sum(row)
      return row.flatMap((count, predicted) =>
        count === 0 || actual === predicted
          ? []
          : { actual: classes[actual]!, predicted: classes[predicted]!, count, share: count / total },
      )
    })
    .sort((a, b) => b.share - a.share)
    .slice(0, most)
}

/**
 * The classes of which the largest shares are mistaken, in the order given; those that do not occur come
 * last.
 */
function worstClasses({ counts }: Confusion, most: number): number[] {
  const right = counts.map((row, index) => (sum(row) > 0 ? row[index]! / sum(row) : Infinity))
  const worst = counts.map((_, index) => index).sort((a, b) => right[a]! - right[b]!)
  return worst.slice(0, most).sort((a, b) => a - b)
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
