import type { RgbImage } from '@m2l/pictures'
import { loadEngine, tf } from '@m2l/engine'
import { l2Normalise, LevelFusion, pooled, prototypes, type MetricLevel } from '@m2l/metric'
import type { Backbone } from '@m2l/nn'
import { embedPooled, FewShotModel, type StagePooling } from '@m2l/model'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  drawExplanation,
  QueryExplainer,
  type ExplainedScore,
  type ExplainerOptions,
  type PicturePlaces,
  type QueryExplanation,
} from './index.js'
import { green, planted, plantedClasses, plantedTransforms, red } from './planted-pictures.test.helper.js'

beforeAll(async () => {
  await loadEngine()
})

/**
 * Mean colours of squares of 8 and of 16 pixels: two depths without weights whose features can be foretold.
 */
const squares: Backbone = {
  name: 'squares',
  channels: 3,
  state: {},
  embed: (images) => tf.tidy(() => tf.avgPool(images, 8, 8, 'valid')),
  maps: (images, context, stages) => {
    const all: Record<string, tf.Tensor4D> = {
      fine: squares.embed(images, context),
      coarse: tf.avgPool(images, 16, 16, 'valid'),
    }
    return Object.fromEntries(stages.map((stage) => [stage, all[stage]!]))
  },
  outputSize: (height, width) => [Math.floor(height / 8), Math.floor(width / 8)],
  dispose: () => {},
}

/** The cosine to the mean of a class, of some channels: a level that knows nothing of explanations. */
function cosineLevel(name: string, [start, end]: readonly [number, number]): MetricLevel {
  const own = (map: tf.Tensor4D) =>
    l2Normalise(tf.sub(pooled(map).slice([0, start], [-1, end - start]), 0.4) as tf.Tensor2D)
  return {
    name,
    needs: ['map'],
    state: {},
    scores: ({ map, shots }, query) =>
      tf.tidy(() => tf.matMul(own(query.map!), prototypes(own(map!), shots), false, true) as tf.Tensor2D),
  }
}

/** Not the colour of a support: where a query is one, no place can pull it nearer. */
const reddish = [210, 110, 60] as const

const both: StagePooling = { window: 'mean', stages: ['fine', 'coarse'] }

interface Asked extends Pick<ExplainerOptions, 'views'> {
  readonly levels?: readonly MetricLevel[]
  readonly encoding?: StagePooling
}

const everyStage = cosineLevel('every stage', [0, 6])

function explainerOf({ levels = [everyStage], encoding = both, ...rest }: Asked = {}) {
  const metric = new LevelFusion(levels.map((level) => ({ level, weight: 1, temperature: 1 })))
  const model = new FewShotModel(squares, metric, { map: 'pooled', ...encoding })
  const explainer = new QueryExplainer({
    model,
    transforms: plantedTransforms,
    classes: plantedClasses,
    ...rest,
  })
  return { model, explainer }
}

async function explained(picture: RgbImage, asked: Asked = {}): Promise<QueryExplanation> {
  const before = tf.memory().numTensors
  const { explainer } = explainerOf(asked)
  try {
    return await explainer.explain({ name: 'photo.png', picture }, { classes: 2 })
  } finally {
    explainer.dispose()
    expect(tf.memory().numTensors).toBe(before)
  }
}

const placesOf = ({ origin }: ExplainedScore): PicturePlaces[] => [
  ...origin!.query.pictures,
  ...origin!.support.pictures,
]

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)

const corner = (top: number, left: number, side: number) => ({
  top,
  bottom: top + side,
  left,
  right: left + side,
})

describe('QueryExplainer of pooled features', () => {
  it('gives contributions that sum to nothing in every picture, and a rest that is the score', async () => {
    const { levels, predicted } = await explained(planted(reddish, 3, 2))
    expect(predicted).toBe('red')
    for (const one of levels[0]!.classes) {
      expect(one.origin!.gradient).toBe(true)
      expect(one.origin!.query.rest).toBeCloseTo(one.score, 5)
      for (const { places } of placesOf(one)) {
        const strength = Math.max(...places.map(({ contribution }) => Math.abs(contribution)))
        expect(strength).toBeGreaterThan(1e-4)
        expect(Math.abs(sum(places.map(({ contribution }) => contribution)))).toBeLessThan(1e-4 * strength)
        expect(Math.abs(sum(places.map(({ evidence }) => evidence)))).toBeLessThan(1e-4)
      }
    }
  })

  it('says most where something was planted, in the corner of a query and of a support', async () => {
    const fine: StagePooling = { window: 'mean', stages: ['fine'] }
    const level = cosineLevel('fine', [0, 3])
    for (const [colour, label, row, column] of [
      [red, 0, 3, 3],
      [green, 1, 3, 0],
    ] as const) {
      const { levels } = await explained(planted(colour, row, column), { levels: [level], encoding: fine })
      const [ofQuery, ofSupport] = placesOf(levels[0]!.classes[label]!).map(
        ({ places }) => places.toSorted((a, b) => b.evidence - a.evidence)[0]!,
      )
      expect(ofQuery!.region).toEqual(corner(row / 4, column / 4, 0.25))
      expect(ofQuery!.contribution).toBeGreaterThan(0)
      // the planted classes show theirs at the top left and the top right
      expect(ofSupport!.region).toEqual(corner(0, label === 0 ? 0 : 0.75, 0.25))
    }
  })

  it('tells by how much a score changes when a place shows less', async () => {
    const picture = planted(red, 1, 2)
    for (const window of ['mean', 'centre'] as const) {
      const encoding = { window, stages: ['fine', 'coarse'] }
      const { levels } = await explained(picture, { encoding })
      const { model } = explainerOf({ encoding })
      const scoresOf = (position: number, share: number) =>
        tf.tidy(() => {
          const tensor = (of: RgbImage) => tf.div(tf.tensor4d(of.data, [1, 32, 32, 3]), 255) as tf.Tensor4D
          // the position's features alone, at one depth
          const faded: Backbone = {
            ...squares,
            maps: (images, context, stages) => {
              const maps = squares.maps!(images, context, stages)
              const mask = tf.oneHot(tf.tensor1d([position], 'int32'), 16).reshape([1, 4, 4, 1])
              return { ...maps, fine: tf.mul(maps.fine!, tf.sub(1, tf.mul(mask, share))) as tf.Tensor4D }
            },
          }
          const context = { training: false }
          const query = { map: embedPooled(faded, tensor(picture), context, encoding) }
          const examples = plantedClasses.map(({ pictures }) => tensor(pictures[0]!.picture))
          const map = embedPooled(squares, tf.concat(examples) as tf.Tensor4D, context, encoding)
          return model.metric.scores({ map, shots: [1, 1] }, query, context)['every stage']!.arraySync()[0]!
        })
      for (const position of [0, 6, 13]) {
        const [less, more] = [scoresOf(position, 0.02), scoresOf(position, -0.02)]
        for (const [label, one] of levels[0]!.classes.entries()) {
          const place = one.origin!.query.pictures[0]!.places[position]!
          expect(place.contribution).toBeCloseTo((more[label]! - less[label]!) / 0.04, 4)
          const led = (scores: readonly number[]) => scores[label]! - scores[1 - label]!
          expect(place.evidence).toBeCloseTo((led(more) - led(less)) / 0.04, 4)
        }
      }
    }
  })

  it('shows each level in the grids of the stages that it looks at', async () => {
    const levels = [cosineLevel('fine', [0, 3]), cosineLevel('coarse', [3, 6]), everyStage]
    const explanation = await explained(planted(red, 3, 2), { levels })
    expect(explanation.levels.map(({ classes }) => placesOf(classes[0]!)[0]!.places.length)).toEqual([
      16, 4, 20,
    ])
    const drawing = await drawExplanation(explanation, {
      query: planted(red, 3, 2),
      classes: plantedClasses,
    })
    expect(drawing).toContain('they sum to nothing')
    expect(drawing).not.toContain('they sum to the lead')
  })

  it('places what was seen in crops', async () => {
    const views = (picture: RgbImage) => [
      { picture, region: corner(0, 0, 1) },
      { picture: half(picture), region: { top: 0.5, bottom: 1, left: 0, right: 1 } },
    ]
    const encoding: StagePooling = { window: 'mean', stages: ['fine'] }
    const levels = [cosineLevel('fine', [0, 3])]
    const explanation = await explained(planted(reddish, 3, 2), { levels, encoding, views })
    const { places } = explanation.levels[0]!.classes[0]!.origin!.query.pictures[0]!
    expect(places).toHaveLength(32)
    expect(places[16]!.region).toEqual({ top: 0.5, bottom: 0.625, left: 0, right: 0.25 })
    expect(Math.abs(sum(places.map(({ contribution }) => contribution)))).toBeLessThan(1e-5)
    // the planted square fills two cells of the crop
    const strongest = places.slice(16).toSorted((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution))
    for (const { region } of strongest.slice(0, 2)) {
      expect(region.top).toBeGreaterThanOrEqual(0.75)
      expect(region).toMatchObject({ left: 0.5, right: 0.75 })
    }
  })

  it('says that it does not tell where a network gives one position', async () => {
    const single: Backbone = { ...squares, embed: (images) => tf.mean(images, [1, 2], true) as tf.Tensor4D }
    const level = cosineLevel('one', [0, 3])
    const metric = new LevelFusion([{ level, weight: 1, temperature: 1 }])
    const model = new FewShotModel(single, metric, { map: 'pooled', window: 'mean', stages: [] })
    const explainer = new QueryExplainer({ model, transforms: plantedTransforms, classes: plantedClasses })
    const { levels } = await explainer.explain({ name: 'a.png', picture: planted(red, 3, 2) })
    explainer.dispose()
    expect(levels[0]!.explains).toBe(false)
    expect(levels[0]!.classes.map(({ origin }) => origin)).toEqual([undefined, undefined])
  })
})

/** The lower half of a picture, twice as high as it was, so that it is as large as the whole. */
function half({ data, width, height }: RgbImage): RgbImage {
  const own = new Uint8Array(data.length)
  for (let row = 0; row < height; row++) {
    const from = Math.floor((height + row) / 2) * width * 3
    own.set(data.subarray(from, from + width * 3), row * width * 3)
  }
  return { data: own, width, height }
}
