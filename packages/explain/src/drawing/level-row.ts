import type { RgbImage } from '@m2l/pictures'
import type { Element } from 'xast'
import { x } from 'xastscript'
import type {
  ExplainedLevel,
  ExplainedScore,
  PicturePlaces,
  QueryExplanation,
  ScoreOrigin,
} from '../explanation.js'
import type { Area } from './area.js'
import { colourBar, colourBarWidth } from './colour-bar.js'
import { fitted, placed, type Frame } from './frame.js'
import { densities, heatMap, meanArea } from './heat-map.js'
import { matchMarks, tellingMatches } from './match-marks.js'
import type { Look, PictureStore } from './picture-store.js'
import { figure, ink, percentage, shortened, textAt } from './text.js'

/** The side of the square that a picture is fitted into. */
const side = 168
/** How the query and the supports are shown below their heat maps. */
export const paleLook: Look = { side, pale: true }
const gap = 8
/** Between the query and the supports, where lines join matches. */
const bridge = 44
/** Between classes. */
const aisle = 36
/** How many supports of a class are shown. */
const mostSupports = 2
const titleHeight = 30
const captionHeight = 22
const labelHeight = 20

/** How many classes a row explains, and by how many supports each. */
export interface RowLayout {
  readonly classes: number
  readonly supports: number
}

/** The layout of all rows of a drawing. */
export function rowLayout({ levels }: QueryExplanation): RowLayout {
  const origins = levels.flatMap(({ classes }) => classes.flatMap(({ origin }) => origin ?? []))
  const classes = levels.map((level) => level.classes.filter(({ origin }) => origin).length)
  return {
    classes: Math.max(0, ...classes),
    supports: Math.max(1, ...origins.map((origin) => supportsToShow(origin).length)),
  }
}

export function rowWidth(layout: RowLayout): number {
  return layout.classes * blockWidth(layout) + Math.max(0, layout.classes - 1) * aisle
}

function blockWidth({ supports }: RowLayout): number {
  return side + bridge + supports * side + (supports - 1) * gap
}

export function rowHeight({ explains }: ExplainedLevel): number {
  return explains ? titleHeight + captionHeight + side + labelHeight + 16 : titleHeight + 26
}

/** What a row takes from the drawing that it is in. */
export interface RowContext extends Area {
  /** The names of the classes that are explained, in the order in which they are shown. */
  readonly classes: readonly string[]
  readonly called: (name: string) => string
  readonly layout: RowLayout
  readonly query: RgbImage
  /** All supports in the order of their classes. */
  readonly supports: readonly RgbImage[]
  readonly store: PictureStore
}

/** A level: its name, and for each class the query beside the supports that spoke most for it. */
export function levelRow(level: ExplainedLevel, context: RowContext): Element {
  const { classes, layout, x: left, y, width } = context
  const block = blockWidth(layout)
  const shown = classes.map((name) => level.classes.find((score) => score.class === name)!)
  const scale = scaleOf(shown)
  return x('g', [
    x('line', { x1: left, y1: y + 4, x2: left + width, y2: y + 4, stroke: '#dddddd' }),
    textAt(left, y + 24, level.name, { size: 16, bold: true }),
    textAt(left + width, y + 24, `weight ${figure(level.weight)}`, { colour: ink.soft, anchor: 'end' }),
    ...(level.explains
      ? [
          colourBar(scale, left + (width - colourBarWidth) / 2, y + 13),
          ...shown.flatMap((score, index) =>
            classBlock(score, scale, context, {
              x: left + index * (block + aisle),
              y: y + titleHeight,
              width: block,
            }),
          ),
        ]
      : [
          textAt(
            left,
            y + 46,
            `does not tell where its scores come from: ${scoresInWords(shown, context.called)}`,
            {
              colour: ink.soft,
            },
          ),
        ]),
  ])
}

/**
 * The supports of a class that a drawing shows: labelled ones, those that spoke most for it first; where what
 * their places say sums to nothing, those first whose places say most for it.
 */
export function supportsToShow({ support, gradient }: ScoreOrigin): PicturePlaces[] {
  const evidence = ({ places }: PicturePlaces) =>
    places.reduce((sum, place) => sum + (gradient ? Math.max(0, place.evidence) : place.evidence), 0)
  return support.pictures
    .filter(({ unlabelled }) => !unlabelled)
    .sort((a, b) => evidence(b) - evidence(a))
    .slice(0, mostSupports)
}

/** How colours stand for evidence in a row. */
interface Scale {
  /** The evidence of a place, by share of the picture's area, that has the strongest colour. */
  readonly density: number
  /** The same for a place of the usual size. */
  readonly place: number
}

function scaleOf(scores: readonly ExplainedScore[]): Scale {
  const queries = scores.flatMap(({ origin }) => origin?.query.pictures.map(({ places }) => places) ?? [])
  const density = Math.max(
    0,
    ...queries.flatMap((places) => densities(places).map((spot) => Math.abs(spot.density))),
  )
  return { density, place: queries.length === 0 ? 0 : density * meanArea(queries[0]!) }
}

function classBlock(score: ExplainedScore, scale: Scale, context: RowContext, area: Area): Element[] {
  const { class: name, probability, lead, origin } = score
  const caption = [
    textAt(area.x, area.y + 14, shortened(context.called(name), 28), { bold: true }),
    textAt(
      area.x + area.width,
      area.y + 14,
      `${percentage(probability)}, score ${figure(score.score)}, lead ${figure(lead, true)}`,
      { anchor: 'end', colour: ink.soft },
    ),
  ]
  if (!origin) return caption
  const { query, supports: all, store } = context
  const top = area.y + captionHeight
  const queryFrame = fitted(query, area.x, top, side)
  const supports = supportsToShow(origin)
  const frames = new Map(
    supports.map(({ index }, position) => [
      index,
      fitted(all[index]!, area.x + side + bridge + position * (side + gap), top, side),
    ]),
  )
  const panel = (picture: RgbImage, frame: Frame, places: PicturePlaces) => [
    store.show(picture, paleLook, frame),
    heatMap(places.places, frame, scale.density),
    x('rect', { ...placed(frame), fill: 'none', stroke: '#999999', 'stroke-width': 0.75 }),
  ]
  const matches = tellingMatches((origin.matches ?? []).filter(({ index }) => frames.has(index)))
  const left = origin.support.pictures.length - supports.length
  return [
    ...caption,
    ...panel(query, queryFrame, origin.query.pictures[0]!),
    ...supports.flatMap((support) => panel(all[support.index]!, frames.get(support.index)!, support)),
    ...matchMarks(matches.map((match) => ({ match, query: queryFrame, support: frames.get(match.index)! }))),
    textAt(area.x + side / 2, top + side + 14, 'query', { size: 11, colour: ink.soft, anchor: 'middle' }),
    ...supports.map(({ picture }, position) => {
      const isLast = position === supports.length - 1
      const label =
        isLast && left > 0
          ? `${shortened(fileName(picture), 16)}, and ${left} more`
          : shortened(fileName(picture), 26)
      const middle = area.x + side + bridge + position * (side + gap) + side / 2
      return textAt(middle, top + side + 14, label, { size: 11, colour: ink.soft, anchor: 'middle' })
    }),
  ]
}

function scoresInWords(scores: readonly ExplainedScore[], called: RowContext['called']): string {
  return scores
    .map(
      ({ class: name, score, probability }) =>
        `${shortened(called(name), 24)} ${figure(score)} (${percentage(probability)})`,
    )
    .join(', ')
}

function fileName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}
