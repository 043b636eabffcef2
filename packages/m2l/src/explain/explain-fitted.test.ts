import { join } from 'node:path'
import { loadEngine, tf } from '@m2l/engine'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { patterns, png, temporaryFolder, writeClasses } from '../classifier/patterns.test.helper.js'
import { writeFile } from 'node:fs/promises'
import {
  classificationPage,
  classifyPictures,
  embedPictures,
  explainPictures,
  type ClassifyPicturesOptions,
} from '../index.js'
import { writeNetwork } from '../model/onnx-files.test.helper.js'

let folder: string
let support: string
let query: string[]
let files: { map: string; pooled: string }

beforeAll(async () => {
  await loadEngine()
  folder = await temporaryFolder()
  support = join(folder, 'examples')
  await writeClasses(support, { red: patterns(0, 4), green: patterns(1, 3), blue: patterns(2, 5) })
  query = [0, 1, 2].map((kind) => join(folder, `${kind}.png`))
  for (const [kind, file] of query.entries()) await writeFile(file, await png(patterns(kind, 1, 9)[0]!))
  const [map, pooled] = [await writeNetwork(folder, 'map'), await writeNetwork(folder, 'pooled')]
  files = { map, pooled }
})

let before: number
beforeEach(() => {
  before = tf.memory().numTensors
})

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)

type Asked = Partial<Pick<ClassifyPicturesOptions, 'head' | 'features' | 'views' | 'weights'>>
const fitted: Asked = { weights: 'emoji-conv64f', head: 'centred', features: 'Centre' }

describe('explainPictures', () => {
  it.each<readonly [string, Asked]>([
    ['heads that are fitted to the examples', fitted],
    ['heads that see crops, too', { ...fitted, views: 'crops' }],
    ['a head that was named', { weights: 'emoji-conv64f', head: 'ridge' }],
    ['a head that is solved by many steps', { weights: 'emoji-conv64f', head: 'logistic' }],
  ])('says of %s what classifyPictures says, and which places pull', async (_, asked) => {
    const { predictions, choice } = await classifyPictures({ support, query, ...asked })
    const read: number[] = []
    const { explanations } = await explainPictures({
      support,
      query,
      ...asked,
      onExamples: (done, total) => read.push(done / total),
      folder: join(folder, 'why'),
    })
    expect(tf.memory().numTensors).toBe(before)
    expect(read.at(-1)).toBe(choice.heads.length > 0 ? 1 : undefined)
    for (const [index, { probabilities, levels }] of explanations.entries()) {
      for (const { label, probability } of predictions[index]!.probabilities) {
        expect(probabilities.find((one) => one.class === label)!.probability).toBeCloseTo(probability, 4)
      }
      expect(levels.map(({ name }) => name)).toEqual(Object.keys(predictions[index]!.levels))
      for (const { classes, explains } of levels) {
        expect(explains).toBe(true)
        const { origin } = classes.find((one) => one.origin)!
        const pictures = [...origin!.query.pictures, ...origin!.support.pictures]
        for (const { places } of pictures) {
          const values = places.map(({ contribution }) => contribution)
          expect(places.length).toBe(choice.views === 'crops' ? 20 : 4)
          expect(Math.max(...values)).toBeGreaterThan(0)
          expect(Math.abs(sum(values))).toBeLessThan(1e-3 * Math.max(...values) + 1e-7)
        }
      }
    }
  })

  it('looks into an ONNX network that gives maps', async () => {
    const asked = { support, query, weights: files.map }
    const { predictions } = await classifyPictures(asked)
    const { explanations, notes } = await explainPictures({ ...asked, folder: join(folder, 'onnx') })
    expect(notes[0]).toMatch(/^chosen: .*map\.onnx/)
    for (const [index, { predicted, levels }] of explanations.entries()) {
      expect(predicted).toBe(predictions[index]!.label)
      const one = levels[0]!.classes.find(({ origin }) => origin)
      expect(one!.origin!.query.pictures[0]!.places).toHaveLength(16)
    }
  })

  it('says why it cannot look into what gives one feature of a picture', async () => {
    const why = (asked: object) =>
      explainPictures({ support, query, folder: join(folder, 'not'), ...asked }).then(
        () => '',
        ({ message }: Error) => message,
      )
    expect(await why({ weights: files.pooled })).toBe(
      `${files.pooled}: gives one feature of a picture, which does not say where in it an answer comes from`,
    )
    expect(await why({ weights: 'emoji-conv64f', views: 'crops' })).toBe(
      'emoji-conv64f: is compared by the mean of a picture and its corners position by position, which are places of no picture',
    )
    const features = join(folder, 'features.safetensors')
    await embedPictures({ pictures: support, weights: 'emoji-conv64f', output: features })
    expect(await why({ support: features })).toBe(
      `${features}: are features, without pictures to draw over; name the pictures`,
    )
    expect(tf.memory().numTensors).toBe(before)
  })
})

describe('classificationPage', () => {
  const pageOf = async (asked: Asked & { load?: string }) => {
    const by = { support, query, ...asked }
    const page = await classificationPage(await classifyPictures(by), by)
    expect(tf.memory().numTensors).toBe(before)
    return page
  }

  it('draws why heads that were fitted answered as they did', async () => {
    const page = await pageOf(fitted)
    expect(page).toContain('<h2>Why</h2>')
    expect(page).not.toContain('is not drawn')
  })

  it('says in a line why it draws none', async () => {
    const crops = await pageOf({ weights: 'emoji-conv64f', views: 'crops' })
    expect(crops).not.toContain('<h2>Why</h2>')
    expect(crops).toContain(
      'where in the pictures answers came from is not drawn, since emoji-conv64f is compared by the mean of a picture and its corners',
    )
    const pooled = await pageOf({ weights: files.pooled })
    expect(pooled).toContain('gives one feature of a picture, which does not say where in it')
    const load = join(folder, 'classes.safetensors')
    await classifyPictures({ support, query, weights: 'emoji-conv64f', save: load })
    const loaded = await classificationPage(await classifyPictures({ load, query }), { load, query })
    expect(loaded).toContain(`since there are no pictures of the examples of ${load}`)
  })
})
