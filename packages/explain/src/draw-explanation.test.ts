import { loadEngine } from '@m2l/engine'
import sharp from 'sharp'
import { beforeAll, expect, it } from 'vitest'
import { drawExplanation, drawingAsJpeg, type Place, type QueryExplanation } from './index.js'
import {
  green,
  planted,
  plantedClasses,
  red,
  silentLevel,
  plantedExplainer,
} from './planted-pictures.test.helper.js'

beforeAll(async () => {
  await loadEngine()
})

const pictures = { query: planted(red, 3, 2), classes: plantedClasses }

/** Squares of the picture, one of which speaks for or against the class. */
function places(row: number, column: number, evidence: number): Place[] {
  return Array.from({ length: 16 }, (_, index) => {
    const [top, left] = [Math.floor(index / 4) / 4, (index % 4) / 4]
    const isChosen = top === row / 4 && left === column / 4
    return {
      region: { top, bottom: top + 0.25, left, right: left + 0.25 },
      contribution: isChosen ? evidence : 0,
      evidence: isChosen ? evidence : 0,
    }
  })
}

function explanation(query: string): QueryExplanation {
  const origin = (evidence: number, index: number) => ({
    query: { pictures: [{ picture: query, index: 0, places: places(3, 2, evidence) }], rest: 0 },
    support: { pictures: [{ picture: 'a/1.png', index, places: places(0, 0, evidence) }], rest: 0 },
  })
  const classes = ['red', 'green'].map((name, index) => ({
    class: name,
    probability: 1 - index,
    score: 1 - index,
    lead: 1 - 2 * index,
    origin: origin(1 - 2 * index, index),
  }))
  return {
    query,
    predicted: 'red',
    truth: 'green',
    probabilities: classes.map(({ class: name, probability }) => ({ class: name, probability })),
    levels: [{ name: 'squares', weight: 1, explains: true, classes }],
  }
}

it('draws evidence where it lies: blue for the class, red against it', async () => {
  const svg = await drawExplanation(explanation('query.png'), pictures)
  const jpeg = await drawingAsJpeg(svg)
  const { data, info } = await sharp(jpeg).raw().toBuffer({ resolveWithObject: true })
  const [width, height] = /width="(\d+)" height="(\d+)"/.exec(svg)!.slice(1).map(Number)
  expect([info.width, info.height]).toEqual([1.5 * width!, 1.5 * height!].map(Math.round))
  // After three pictures in the heading, each class has the query and a support.
  const frames = [...svg.matchAll(/<use href="[^"]+" x="([\d.]+)" y="([\d.]+)" width="([\d.]+)"/g)].map(
    (match) => match.slice(1).map(Number),
  )
  expect(frames).toHaveLength(7)
  const colourAt = ([x, y, side]: number[], row: number, column: number) => {
    const [left, top] = [x! + ((column + 0.5) * side!) / 4, y! + ((row + 0.5) * side!) / 4]
    const at = (Math.round(1.5 * top) * info.width + Math.round(1.5 * left)) * info.channels
    return { red: data[at]!, blue: data[at + 2]! }
  }
  const [first, , third] = frames.slice(3)
  const [speaksFor, speaksAgainst] = [colourAt(first!, 3, 2), colourAt(third!, 3, 2)]
  expect(speaksFor.blue).toBeGreaterThan(speaksFor.red)
  expect(speaksAgainst.red).toBeGreaterThan(speaksAgainst.blue)
  const nothing = colourAt(first!, 1, 1)
  for (const level of Object.values(nothing)) expect(Math.abs(level - 90)).toBeLessThan(4)
})

it('holds all that it shows, whatever files and classes are called', async () => {
  const name = `a "b" <script>&\u0007\u{1F431}.png`
  const svg = await drawExplanation(explanation(name), pictures)
  expect(svg).not.toContain('<script')
  expect(svg).toContain('\u{1F431}')
  const addresses = [...svg.matchAll(/href="([^"]*)"/g)].map(([, address]) => address!)
  expect(addresses.length).toBeGreaterThan(0)
  expect(addresses.filter((address) => !/^(#|data:image\/)/.test(address))).toEqual([])
  expect((await sharp(await drawingAsJpeg(svg)).metadata()).format).toBe('jpeg')
})

it('holds pictures in no more pixels than it shows, small ones as they are', async () => {
  const noise = (side: number) => ({
    width: side,
    height: side / 2,
    data: Uint8Array.from({ length: (side * side * 3) / 2 }, (_, index) => (index * 7919) % 251),
  })
  const sidesOf = async (side: number) => {
    const classes = plantedClasses.map(({ name, pictures: of }) => ({
      name,
      pictures: of.map((one) => ({ ...one, picture: noise(side) })),
    }))
    const svg = await drawExplanation(explanation('q.png'), { query: noise(side), classes })
    const pictures64 = [...svg.matchAll(/href="data:image\/(\w+);base64,([^"]+)"/g)]
    const sides = pictures64.map(
      async ([, , bytes]) => (await sharp(Buffer.from(bytes!, 'base64')).metadata()).width,
    )
    return { kinds: new Set(pictures64.map(([, kind]) => kind)), sides: new Set(await Promise.all(sides)) }
  }
  // The query and the supports are shown at 150 and 168 units, examples at 26.
  expect(await sidesOf(1000)).toEqual({ kinds: new Set(['jpeg']), sides: new Set([225, 39, 252]) })
  expect((await sidesOf(200)).sides).toEqual(new Set([200, 39]))
  expect(await sidesOf(84)).toEqual({ kinds: new Set(['png']), sides: new Set([84, 39]) })
})

it('names the true class, and a level that does not explain', async () => {
  const explainer = plantedExplainer([silentLevel])
  const silent = await explainer.explain({ name: 'q.png', picture: planted(green, 1, 1) }, { truth: 'green' })
  explainer.dispose()
  const svg = await drawExplanation(silent, pictures)
  expect(svg).toContain('does not tell where its scores come from')
  expect(await drawExplanation(explanation('q.png'), pictures)).toMatch(/>wrong<.*>the true class</)
})

it('draws the same to the byte each time', async () => {
  expect(await drawExplanation(explanation('q.png'), pictures)).toBe(
    await drawExplanation(explanation('q.png'), pictures),
  )
})

it('says of a query of no class what it is nearest to, and judges no class by it', async () => {
  const svg = await drawExplanation(explanation('q.png'), pictures, { isUnknown: true })
  expect(svg).toMatch(/q\.png is unknown, nearest to /)
  expect(svg).not.toMatch(/was taken for|>wrong<|>right</)
  expect(svg).toContain('>the true class<')
})
