import type { RgbImage } from '@m2l/pictures'
import type { Element } from 'xast'
import { x } from 'xastscript'
import type { QueryExplanation } from '../explanation.js'
import type { SupportClass } from '../sight.js'
import type { Area } from './area.js'
import { fitted, type Frame } from './frame.js'
import type { Look, PictureStore } from './picture-store.js'
import { endOfPath, percentage, shortened, textAt } from './text.js'

/** How many of the likeliest classes are listed. */
const classesListed = 5
const titleHeight = 34
const lineHeight = 30
const side = classesListed * lineHeight

/** How the heading shows the query and an example of each class. */
export const queryLook: Look = { side }
export const exampleLook: Look = { side: lineHeight - 4 }
const namesWidth = 200
const barWidth = 240

/** What the heading takes from the drawing that it is in. */
export interface HeadingContext extends Area {
  readonly query: RgbImage
  readonly classes: readonly SupportClass[]
  readonly called: (name: string) => string
  readonly isUnknown: boolean
  readonly store: PictureStore
}

export const headingHeight = titleHeight + side + 14

/** The query, what it was taken for, and how likely the next classes are. */
export function heading(explanation: QueryExplanation, context: HeadingContext): Element {
  const { query: name, predicted } = explanation
  const { x: left, y, query, store } = context
  const verb = context.isUnknown ? 'is unknown, nearest to' : 'was taken for'
  const title = `${endOfPath(name, 34)} ${verb} ${shortened(context.called(predicted), 22)}`
  return x('g', [
    textAt(left, y + 18, title, { size: 19, bold: true }),
    store.show(query, queryLook, fitted(query, left, y + titleHeight, side)),
    ...likeliest(explanation).flatMap(({ class: className, probability }, index) => [
      ...example(className, context, {
        x: left + side + 24,
        y: y + titleHeight + index * lineHeight,
        width: exampleLook.side,
        height: exampleLook.side,
      }),
      ...bar(className, probability, {
        x: left + side + 24 + lineHeight,
        baseline: y + titleHeight + index * lineHeight + 18,
        called: context.called,
        explanation,
        isUnknown: context.isUnknown,
      }),
    ]),
  ])
}

/** The classes that a heading lists, the likeliest first; the true one is among them. */
export function likeliest({ probabilities, truth }: QueryExplanation): QueryExplanation['probabilities'] {
  const ranked = [...probabilities].sort((a, b) => b.probability - a.probability)
  const listed = ranked.slice(0, classesListed)
  const isMissing = truth !== undefined && !listed.some(({ class: name }) => name === truth)
  return isMissing ? [...listed.slice(0, -1), ...ranked.filter(({ class: name }) => name === truth)] : listed
}

function example(
  className: string,
  { classes, store }: HeadingContext,
  { x: left, y, width }: Frame,
): Element[] {
  const picture = classes.find(({ name }) => name === className)?.pictures[0]?.picture
  return picture ? [store.show(picture, exampleLook, fitted(picture, left, y, width))] : []
}

interface BarContext {
  readonly x: number
  readonly baseline: number
  readonly called: (name: string) => string
  readonly explanation: QueryExplanation
  readonly isUnknown: boolean
}

function bar(
  className: string,
  probability: number,
  { x: left, baseline, called, explanation, isUnknown }: BarContext,
): Element[] {
  const isPredicted = className === explanation.predicted
  const start = left + namesWidth
  const length = Math.max(1, Math.round(probability * barWidth))
  return [
    textAt(left + 4, baseline, shortened(called(className), 24), { bold: isPredicted }),
    x('rect', {
      x: start,
      y: baseline - 12,
      width: length,
      height: 15,
      fill: isPredicted ? '#2166ac' : '#b5c6d8',
    }),
    textAt(start + length + 7, baseline, percentage(probability), { bold: isPredicted }),
    ...verdict(className, explanation, isUnknown).map(({ words, colour }) =>
      textAt(start + length + 52, baseline, words, { bold: true, colour }),
    ),
  ]
}

const colours = { right: '#1b7837', wrong: '#b2182b' }

/** What is to say of a class where the true one is known; a query of no class is not judged. */
function verdict(
  className: string,
  { predicted, truth }: QueryExplanation,
  isUnknown: boolean,
): { words: string; colour: string }[] {
  if (truth === undefined) return []
  if (className === truth) {
    return [{ words: predicted === truth && !isUnknown ? 'right' : 'the true class', colour: colours.right }]
  }
  return className === predicted && !isUnknown ? [{ words: 'wrong', colour: colours.wrong }] : []
}
