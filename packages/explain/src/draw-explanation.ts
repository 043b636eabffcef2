import type { RgbImage } from '@m2l/pictures'
import type { Element } from 'xast'
import { toXml } from 'xast-util-to-xml'
import { x } from 'xastscript'
import { colourBarDefinition } from './drawing/colour-bar.js'
import { exampleLook, heading, headingHeight, likeliest, queryLook } from './drawing/heading.js'
import { legend, legendHeight } from './drawing/legend.js'
import { levelRow, paleLook, rowHeight, rowLayout, rowWidth, supportsToShow } from './drawing/level-row.js'
import { PictureStore } from './drawing/picture-store.js'
import type { QueryExplanation } from './explanation.js'
import type { SupportClass } from './sight.js'

/** The pictures that an explanation speaks of. */
export interface ExplainedPictures {
  readonly query: RgbImage
  /** As the explainer was given them. */
  readonly classes: readonly SupportClass[]
}

/** How an explanation is drawn. */
export interface DrawingOptions {
  /** What a class is called for people; its own name if not given. */
  readonly called?: (name: string) => string
  /** Whether the query is of no class, so that the predicted one is only the nearest. */
  readonly isUnknown?: boolean
}

const margin = 20
const leastWidth = 700
const fonts = "system-ui, 'Segoe UI', 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif"

/**
 * Draws an explanation: what the query was taken for; then for each level and each class that is explained
 * the query and the supports that spoke most for it, with the evidence of their places as colours, and the
 * matches that say most as numbered boxes.
 *
 * @returns an SVG document that needs no other file
 */
export async function drawExplanation(
  explanation: QueryExplanation,
  { query, classes }: ExplainedPictures,
  { called = (name) => name, isUnknown = false }: DrawingOptions = {},
): Promise<string> {
  const { levels } = explanation
  const supports = classes.flatMap(({ pictures }) => pictures.map(({ picture }) => picture))
  const store = await PictureStore.of([
    { picture: query, look: queryLook },
    ...listedExamples(explanation, classes).map((picture) => ({ picture, look: exampleLook })),
    ...[query, ...shownSupports(explanation, supports)].map((picture) => ({ picture, look: paleLook })),
  ])
  const explained = explainedClasses(explanation)
  const layout = rowLayout(explanation)
  const inner = Math.max(leastWidth, rowWidth(layout))
  const width = inner + 2 * margin
  const elements: Element[] = [
    heading(explanation, { query, classes, called, isUnknown, store, x: margin, y: margin, width: inner }),
  ]
  let y = margin + headingHeight
  for (const level of levels) {
    const context = { classes: explained, called, layout, query, supports, store }
    elements.push(levelRow(level, { ...context, x: margin, y, width: inner }))
    y += rowHeight(level)
  }
  elements.push(legend(explanation, { x: margin, y, width: inner }))
  const height = y + legendHeight(explanation, { width: inner }) + margin
  const attributes = {
    xmlns: 'http://www.w3.org/2000/svg',
    width,
    height,
    viewBox: `0 0 ${width} ${height}`,
    'font-family': fonts,
    role: 'img',
  }
  return toXml(
    x('svg', attributes, [
      x('title', `${explanation.query}: ${called(explanation.predicted)}`),
      x('defs', [...store.definitions, colourBarDefinition()]),
      x('rect', { width, height, fill: '#ffffff' }),
      ...elements,
    ]),
  )
}

/** The classes that are explained, the likeliest first. */
function explainedClasses({ probabilities, levels }: QueryExplanation): string[] {
  const isExplained = (name: string) =>
    levels.some(({ classes }) => classes.some((score) => score.class === name && score.origin))
  return [...probabilities]
    .sort((a, b) => b.probability - a.probability)
    .map((probability) => probability.class)
    .filter(isExplained)
}

function listedExamples(explanation: QueryExplanation, classes: readonly SupportClass[]): RgbImage[] {
  return likeliest(explanation).flatMap(
    (listed) => classes.find(({ name }) => name === listed.class)?.pictures[0]?.picture ?? [],
  )
}

function shownSupports({ levels }: QueryExplanation, supports: readonly RgbImage[]): RgbImage[] {
  return levels.flatMap(({ classes }) =>
    classes.flatMap(({ origin }) =>
      origin ? supportsToShow(origin).map(({ index }) => supports[index]!) : [],
    ),
  )
}
