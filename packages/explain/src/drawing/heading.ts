import type { RgbImage } from '@m2l/datasets'
import type { Element } from 'xast'
import { x } from 'xastscript'
import type { QueryExplanation } from '../explanation.js'
import type { SupportClass } from '../query-explainer.js'
import type { Area } from './area.js'
import { fitted, type Frame } from './frame.js'
import type { PictureStore } from './picture-store.js'
import { percentage, shortened, textAt } from './text.js'

/** How many of the likeliest classes are listed. */
const classesListed = 5
const titleHeight = 34
const lineHeight = 30
const side = classesListed * lineHeight
const namesWidth = 200
const barWidth = 240

/** What the heading takes from the drawing that it is in. */
export interface HeadingContext extends Area {
  readonly query: RgbImage
  readonly classes: readonly SupportClass[]
  readonly store: PictureStore
}

export const headingHeight = titleHeight + side + 14

/** The query, what it was taken for, and how likely the next classes are. */
export function heading(explanation: QueryExplanation, context: HeadingContext): Element {
  const { query: name, predicted } = explanation
  const { x: left, y, width, query, store } = context
  const title = `${shortened(name, 44)} was taken for ${shortened(predicted, 30)}`
  return x('g', [
    textAt(left, y + 18, title, { size: 19, bold: true }),
    ...verdict(explanation, left + width, y + 18),
    store.show(query, fitted(query, left, y + titleHeight, side)),
    ...likeliest(explanation).flatMap(({ class: className, probability }, index) => [
      ...example(className, context, {
        x: left + side + 24,
        y: y + titleHeight + index * lineHeight,
        width: lineHeight - 4,
        height: lineHeight - 4,
      }),
      ...bar(className, probability, {
        x: left + side + 24 + lineHeight,
        baseline: y + titleHeight + index * lineHeight + 18,
        explanation,
      }),
    ]),
  ])
}

/** The classes that a heading lists, the likeliest first. */
export function likeliest({ probabilities }: QueryExplanation): QueryExplanation['probabilities'] {
  return [...probabilities].sort((a, b) => b.probability - a.probability).slice(0, classesListed)
}

function example(
  className: string,
  { classes, store }: HeadingContext,
  { x: left, y, width }: Frame,
): Element[] {
  const picture = classes.find(({ name }) => name === className)?.pictures[0]?.picture
  return picture ? [store.show(picture, fitted(picture, left, y, width))] : []
}

interface BarContext {
  readonly x: number
  readonly baseline: number
  readonly explanation: QueryExplanation
}

function bar(
  className: string,
  probability: number,
  { x: left, baseline, explanation: { predicted, truth } }: BarContext,
): Element[] {
  const isPredicted = className === predicted
  const start = left + namesWidth
  const length = Math.max(1, Math.round(probability * barWidth))
  return [
    textAt(left + 4, baseline, shortened(className, 24), { bold: isPredicted }),
    x('rect', {
      x: start,
      y: baseline - 12,
      width: length,
      height: 15,
      fill: isPredicted ? '#2166ac' : '#b5c6d8',
    }),
    textAt(start + length + 7, baseline, percentage(probability), { bold: isPredicted }),
    ...(className === truth
      ? [textAt(start + length + 52, baseline, 'the true class', { size: 12, colour: rightColour })]
      : []),
  ]
}

const rightColour = '#1b7837'

function verdict({ predicted, truth }: QueryExplanation, right: number, baseline: number): Element[] {
  if (truth === undefined) return []
  const isRight = predicted === truth
  const words = isRight ? 'right' : `wrong: it is ${shortened(truth, 30)}`
  return [
    textAt(right, baseline, words, {
      size: 15,
      bold: true,
      anchor: 'end',
      colour: isRight ? rightColour : '#b2182b',
    }),
  ]
}
