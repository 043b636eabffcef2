import type { Element } from 'xast'
import { x } from 'xastscript'
import type { QueryExplanation } from '../explanation.js'
import type { Area } from './area.js'
import { ink, textAt } from './text.js'

const lineHeight = 17

/** How the drawing is read. */
export function legend(explanation: QueryExplanation, { x: left, y }: Area): Element {
  return x(
    'g',
    lines(explanation).map((line, index) =>
      textAt(left, y + 14 + index * lineHeight, line, { size: 12, colour: ink.soft }),
    ),
  )
}

export function legendHeight(explanation: QueryExplanation): number {
  return lines(explanation).length * lineHeight + 4
}

function lines({ levels }: QueryExplanation): string[] {
  const matching = levels
    .filter(({ classes }) => classes.some(({ origin }) => origin?.matches))
    .map(({ name }) => name)
  return [
    'lead: by how much the score for the class is above the mean of the scores for the others.',
    'Colours show where it comes from: blue places of a picture speak for the class rather than for others, red ones against it; they sum to the lead.',
    ...(matching.length > 0
      ? [
          `${matching.join(', ')}: boxes of one colour and number are a place of the query and the place of a support that it matched best; those that say most for the class.`,
        ]
      : []),
  ]
}
