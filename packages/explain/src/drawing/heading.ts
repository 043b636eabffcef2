import type { Element } from 'xast'
import { x } from 'xastscript'
import type { QueryExplanation } from '../explanation.js'
import type { Area } from './area.js'
import { percentage, shortened, textAt } from './text.js'

/** How many of the likeliest classes are listed. */
const classesListed = 5
const lineHeight = 20
const barWidth = 180

/** What the query was taken for, and how likely the next classes are. */
export function heading(explanation: QueryExplanation, { x: left, y, width }: Area): Element {
  const { query, predicted } = explanation
  const title = `${shortened(query, 44)} was taken for ${shortened(predicted, 30)}`
  return x('g', [
    textAt(left, y + 18, title, { size: 19, bold: true }),
    ...verdict(explanation, left + width, y + 18),
    ...likeliest(explanation).flatMap(({ class: name, probability }, index) => {
      const baseline = y + 46 + index * lineHeight
      const right = left + 190
      const isPredicted = name === predicted
      return [
        textAt(right - 8, baseline, shortened(name, 24), { anchor: 'end', bold: isPredicted }),
        x('rect', {
          x: right,
          y: baseline - 11,
          width: Math.max(1, Math.round(probability * barWidth)),
          height: 13,
          fill: isPredicted ? '#2166ac' : '#b5c6d8',
        }),
        textAt(right + Math.round(probability * barWidth) + 6, baseline, percentage(probability), {
          bold: isPredicted,
        }),
      ]
    }),
  ])
}

export function headingHeight(explanation: QueryExplanation): number {
  return 46 + likeliest(explanation).length * lineHeight
}

function verdict({ predicted, truth }: QueryExplanation, right: number, baseline: number): Element[] {
  if (truth === undefined) return []
  const isRight = predicted === truth
  const words = isRight ? 'right' : `wrong: it is ${shortened(truth, 30)}`
  return [
    textAt(right, baseline, words, {
      size: 15,
      bold: true,
      anchor: 'end',
      colour: isRight ? '#1b7837' : '#b2182b',
    }),
  ]
}

function likeliest({ probabilities }: QueryExplanation): QueryExplanation['probabilities'] {
  return [...probabilities].sort((a, b) => b.probability - a.probability).slice(0, classesListed)
}
