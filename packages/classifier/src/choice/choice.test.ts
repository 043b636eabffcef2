import { loadEngine, randomKey, randomUniform, tf } from '@m2l/engine'
import { LevelFusion } from '@m2l/metric'
import { globalLevel } from '@m2l/metric-global'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Candidate, SeenClass } from '../candidate.js'
import type { EmbeddedImages } from '../embedding/embedded-images.js'
import type { Embedder } from '../embedding/embedder.js'
import { choose, type SeenClasses } from './choose.js'
import { describeChoice } from './describe-choice.js'
import { fitHeads, type FeatureRange } from './fit-heads.js'
import { nineCrops } from './picture-crops.js'
import { fitTemperature, mean } from './temperature.js'

beforeAll(async () => {
  await loadEngine({ device: 'cpu' })
})

const channels = 8
const clear: FeatureRange = { name: 'clear', channels: [0, channels] }
const blind: FeatureRange = { name: 'blind', channels: [channels, 2 * channels] }

/** Features that tell classes apart beside features that do not, of so many images of a class. */
function imagesOf(label: number, images: number, purpose: string, noise = 0.5): EmbeddedImages {
  return tf.tidy(() => {
    const key = randomKey(7)
    const centre = randomUniform(key.fold('centre', label), [1, channels])
    const around = randomUniform(key.fold(purpose, label), [images, channels]).sub(0.5).mul(noise)
    const rest = randomUniform(key.fold(purpose).fold('rest', label), [images, channels])
    const map = tf.concat([tf.add(centre, around), rest], 1)
    return { map: { shape: [images, 1, 1, 2 * channels], data: map.dataSync() as Float32Array } }
  })
}

function classesOf(shots: readonly number[], noise?: number): ReadonlyMap<string, EmbeddedImages> {
  return new Map(shots.map((shot, label) => [`class ${label}`, imagesOf(label, shot, 'examples', noise)]))
}

const counts = 'neutral' as const

describe('fitHeads', () => {
  it('drops features that tell nothing apart, and holds the others as the examples say', async () => {
    const { used, dropped, metric } = await fitHeads(classesOf([6, 6, 6, 6]), [clear, blind], { counts })
    expect(used.map(({ features }) => features)).toContain('clear')
    expect(used.map(({ features }) => features)).not.toContain('blind')
    expect(dropped.map(({ features, head }) => `${features} ${head}`)).toEqual(
      expect.arrayContaining(['blind ridge', 'blind gda']),
    )
    expect(metric.levels).toHaveLength(used.length)
    const losses = [...used, ...dropped].map(({ crossEntropy }) => crossEntropy!)
    expect(Math.min(...losses)).toBe(Math.min(...used.map(({ crossEntropy }) => crossEntropy!)))
  })

  it('lets heads speak together that are as good as each other', async () => {
    const twin: FeatureRange = { ...clear, name: 'twin' }
    const { used } = await fitHeads(classesOf([5, 5, 5]), [clear, twin], { counts })
    const features = used.map(({ features: name }) => name)
    expect(features.filter((name) => name === 'clear')).toHaveLength(
      features.filter((name) => name === 'twin').length,
    )
  })

  it('chooses nothing of one example a class', async () => {
    const before = tf.memory().numTensors
    const { used, dropped } = await fitHeads(classesOf([1, 1, 1]), [clear, blind], { counts })
    expect(used.map(({ features, head, crossEntropy }) => [features, head, crossEntropy])).toEqual([
      ['clear', 'nearest mean', null],
      ['blind', 'nearest mean', null],
    ])
    expect(dropped).toEqual([])
    expect(tf.memory().numTensors).toBe(before)
  })

  it.each([
    ['one class has a second example', [2, 1, 1]],
    ['half of the classes have', [2, 2, 1, 1]],
    ['one of two classes has many', [1, 20]],
  ])('chooses nothing where too few can be left out: %s', async (_, shots) => {
    const { used } = await fitHeads(classesOf(shots), [clear, blind], { counts })
    expect(used.map(({ head }) => head)).toEqual(['nearest mean', 'nearest mean'])
  })

  it('is not sure where few examples are all right', async () => {
    const { used } = await fitHeads(classesOf([3, 3], 0.01), [clear], { counts })
    for (const { crossEntropy } of used) expect(crossEntropy).toBeGreaterThan(0.05)
  })

  it('fits class means alone where leaving one out leaves one', async () => {
    const { used } = await fitHeads(classesOf([2, 2, 2, 1]), [clear], { counts })
    expect(used).toMatchObject([{ features: 'clear', head: 'nearest mean', lambda: null }])
    expect(used[0]!.crossEntropy).toBeGreaterThan(0)
  })

  it('works where numbers are unequal', async () => {
    const { used } = await fitHeads(classesOf([9, 2, 1, 4]), [clear, blind], { counts })
    expect(used.length).toBeGreaterThan(0)
    for (const { temperature, crossEntropy } of used) {
      expect(temperature).toBeGreaterThan(0)
      expect(Number.isFinite(crossEntropy)).toBe(true)
    }
  })
})

/** Nothing of it is asked for where embeddings are there. */
const embedder = {} as Embedder
const candidateOf = (range: FeatureRange): Candidate => ({
  origin: { weights: range.name },
  embedder,
  comparison: { ranges: [range] },
  dispose: () => {},
})

/** What two candidates see: the same numbers, of which each compares its own. */
function seenByBoth(shots: readonly number[]): SeenClasses {
  return new Map(
    shots.map((shot, label) => {
      const crops = shot === 1 ? { crops: async () => imagesOf(label, 9, 'crops') } : {}
      const one: SeenClass = { images: imagesOf(label, shot, 'examples'), ...crops }
      return [`class ${label}`, [one, one]]
    }),
  )
}

describe('choose', () => {
  const candidates = [candidateOf(blind), candidateOf(clear)]

  it.each([
    ['examples that are left out', [5, 5, 5], 'examples by the others'],
    ['crops, where a class has one example', [1, 1, 1], 'crops by the examples'],
    ['examples that are left out, where some class has one', [5, 1, 5], 'examples by the others'],
    ['crops, where most classes have one example', [3, 1, 1], 'crops by the examples'],
  ] as const)('takes the weights that tell apart best: %s', async (_, shots, by) => {
    const choice = await choose(candidates, seenByBoth(shots), { counts })
    expect(choice).toMatchObject({ candidate: 1, by })
    const [worse, better] = choice.tried
    expect(better!.crossEntropy).toBeLessThan(worse!.crossEntropy!)
    expect(better!.accuracy).toBeGreaterThan(0.8)
    const described = describeChoice(choice, candidates)
    expect(JSON.parse(JSON.stringify(described))).toEqual(described)
    const shown =
      by === 'crops by the examples'
        ? /; it recognises \d+ % of pieces cut out of the examples, /
        : /; each example left out in turn, it recognises \d+ % of them by the others, /
    expect(described.reason).toMatch(shown)
    expect(described.reason).toMatch(
      /, 1 other network at most \d+ % \(technically: [^)]* of clear(; [^)]*)?\)$/,
    )
    const rule =
      shots.filter((shot) => shot > 1).length > 1
        ? 'by rules fitted to the examples'
        : 'with the average of each class'
    expect(described.reason.split(';')[0]).toBe(`chosen: clear, which compares pictures ${rule}`)
  })

  it('keeps the first weights unless others are better by more than chance', async () => {
    const twin = candidateOf({ ...clear, name: 'twin' })
    const [first] = [await choose([candidateOf(clear), twin], seenByBoth([4, 4, 4]), { counts })]
    expect(first.candidate).toBe(0)
    expect(first.tried[0]!.crossEntropy).toBe(first.tried[1]!.crossEntropy)
    expect(describeChoice(first, [candidateOf(clear), twin]).reason).toMatch(
      /, and the other network is not clearly better \(at most \d+ %\) \(technically: /,
    )
  })

  it('takes what takes more effort only where it is better', async () => {
    const whole = candidateOf(blind)
    const better: Candidate = { ...candidateOf(clear), views: 'crops', insteadOf: whole }
    const same: Candidate = { ...candidateOf(blind), views: 'crops', insteadOf: whole }
    expect((await choose([whole, better], seenByBoth([5, 5, 5]), { counts })).candidate).toBe(1)
    expect((await choose([whole, same], seenByBoth([5, 5, 5]), { counts })).candidate).toBe(0)
    expect((await choose([whole, better], seenByBoth([1, 1, 1]), { counts })).candidate).toBe(0)
  })

  it('leaves out weights that cannot see an example', async () => {
    const seen = new Map([...seenByBoth([4, 4])].map(([label, [, own]]) => [label, [own, undefined]]))
    const choice = await choose(candidates, seen, { counts })
    expect(choice.candidate).toBe(0)
    expect(choice.tried[1]).toEqual({ candidate: 1, crossEntropy: null, accuracy: null })
  })

  it('takes what takes more effort by itself where nothing else sees the examples', async () => {
    const whole = candidateOf(blind)
    const crops: Candidate = { ...candidateOf(clear), views: 'crops', insteadOf: whole }
    const seen = new Map([...seenByBoth([3, 3])].map(([label, [, own]]) => [label, [undefined, own]]))
    expect((await choose([whole, crops], seen, { counts })).candidate).toBe(1)
  })

  it('leaves levels as they were trained, and asks nothing of a single one', async () => {
    const metric = new LevelFusion([{ level: globalLevel(), weight: 1, temperature: 1 }])
    const own: Candidate = { ...candidateOf(clear), comparison: { metric } }
    const choice = await choose([own], seenByBoth([3, 3]), { counts })
    expect(choice).toEqual({ candidate: 0, metric, tried: [] })
    expect(describeChoice(choice, [own]).reason).toBe(
      'chosen: clear, which compares pictures as a whole (technically: global)',
    )
  })

  it('ends when it is told to', async () => {
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(choose(candidates, seenByBoth([3, 3]), { counts, signal })).rejects.toThrow('enough')
  })
})

describe('fitTemperature', () => {
  it('finds the scale of scores, whatever it is', () => {
    fc.assert(
      fc.property(fc.double({ min: -0.5, max: 1, noNaN: true }), (exponent) => {
        const scale = 10 ** exponent
        const truths = Array.from({ length: 60 }, (_, row) => row % 3)
        // right three times in four: the temperature at which that is what a softmax says
        const scores = truths.flatMap((truth, row) =>
          [0, 1, 2].map((way) => (way === (row % 4 === 3 ? (truth + 1) % 3 : truth) ? scale : 0)),
        )
        const { temperature, losses } = fitTemperature(Float32Array.from(scores), truths)
        const expected = scale / Math.log(6)
        expect(temperature / expected).toBeGreaterThan(0.85)
        expect(temperature / expected).toBeLessThan(1.18)
        expect(mean(losses)).toBeLessThan(Math.log(3))
      }),
    )
  })
})

describe('nineCrops', () => {
  it('shows two thirds of a picture, nine times, to its corners and its middle', () => {
    const data = Uint8Array.from({ length: 6 * 9 * 3 }, (_, index) => Math.floor(index / 3))
    const crops = nineCrops({ width: 9, height: 6, data })
    expect(crops.map(({ width, height }) => [width, height])).toEqual(Array.from({ length: 9 }, () => [6, 4]))
    expect(crops.map((crop) => crop.data[0])).toEqual([0, 1, 3, 9, 10, 12, 18, 19, 21])
    expect(crops.at(-1)!.data.at(-1)).toBe(53)
    expect(nineCrops({ width: 1, height: 1, data: new Uint8Array(3) })).toHaveLength(9)
  })
})
