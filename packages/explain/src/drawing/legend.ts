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
    'Blue places add to the class’s score more than to the other classes’, red places less; a level’s colours, weighted by area, sum to its lead.',
    ...(matching.length > 0
      ? [
          `${matching.join(', ')}: boxes of one colour and number are the matches of a query’s and a support’s place that say most for the class.`,
        ]
      : []),
  ]
}
