import type { Element } from 'xast'
import { x } from 'xastscript'
import type { QueryExplanation } from '../explanation.js'
import type { Area } from './area.js'
import { ink, textAt, wrapped } from './text.js'

const size = 12
const lineHeight = 17

/** How the drawing is read. */
export function legend(explanation: QueryExplanation, area: Area): Element {
  return x(
    'g',
    lines(explanation, area.width).map((line, index) =>
      textAt(area.x, area.y + 14 + index * lineHeight, line, { size, colour: ink.soft }),
    ),
  )
}

export function legendHeight(explanation: QueryExplanation, { width }: Pick<Area, 'width'>): number {
  return lines(explanation, width).length * lineHeight + 4
}

function lines({ levels }: QueryExplanation, width: number): string[] {
  const matching = levels
    .filter(({ classes }) => classes.some(({ origin }) => origin?.matches))
    .map(({ name }) => name)
  const isPull = levels.some(({ classes }) => classes.some(({ origin }) => origin?.gradient))
  const texts = [
    'lead: by how much the score for the class is above the mean of the scores for the others.',
    isPull
      ? 'Colours show where it comes from: blue places of a picture pull towards the class rather than others, red ones away from it, each held against the whole of the picture, so that they sum to nothing.'
      : 'Colours show where it comes from: blue places of a picture speak for the class rather than for others, red ones against it; they sum to the lead.',
    ...(matching.length > 0
      ? [
          `${matching.join(', ')}: boxes of one colour and number are a place of the query and the place of a support that it matched best; those that say most for the class.`,
        ]
      : []),
  ]
  const partial = levels
    .filter(({ classes }) =>
      classes.some(({ origin }) => origin && !origin.gradient && Math.abs(origin.query.rest) > 1e-6),
    )
    .map(({ name }) => name)
  if (partial.length > 0) {
    texts.push(
      `${partial.join(', ')}: places of one side stand for a part of the lead; the rest is the other side’s.`,
    )
  }
  return texts.flatMap((text) => wrapped(text, width, size))
}
