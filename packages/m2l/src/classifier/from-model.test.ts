import { join } from 'node:path'
import { createBackbone } from '@m2l/backbones'
import { squareResize } from '@m2l/pictures'
import { InputError, loadEngine, randomKey, tf } from '@m2l/engine'
import { LevelFusion } from '@m2l/metric'
import { globalLevel } from '@m2l/metric-global'
import type { PictureInput } from '@m2l/nn'
import { loadCheckpoint } from '@m2l/trainer'
import { beforeAll, beforeEach, afterEach, expect, it } from 'vitest'
import { FewShotClassifier, weightsFile } from '../index.js'
import { createModel, episodeTransforms, FewShotModel } from '@m2l/model'
import { modelOfWeights } from '../model/trained-model.js'
import { pattern, patterns, temporaryFolder } from './patterns.test.helper.js'

let before: number

beforeAll(async () => {
  await loadEngine()
})

beforeEach(() => {
  before = tf.memory().numTensors
})

afterEach(expectNothingLeft)

function expectNothingLeft() {
  expect(tf.memory().numTensors).toBe(before)
}

const input: PictureInput = {
  size: 32,
  resize: 36,
  filter: 'bicubic',
  mean: [124, 116, 104],
  deviation: [58, 57, 57],
}

function smallModel(): FewShotModel {
  const backbone = createBackbone('FourLayer_64F_4x', randomKey(1))
  const metric = new LevelFusion([
    { level: globalLevel({ similarity: 'cosine' }), weight: 1, temperature: 0.1 },
  ])
  return new FewShotModel(backbone, metric)
}

async function addTwo(classifier: FewShotClassifier): Promise<void> {
  await classifier.add('red', patterns(0, 3))
  await classifier.add('green', patterns(1, 2))
}

it('says of pictures what the classifier of the same weights says', async () => {
  const { recipe, model: own } = await modelOfWeights('emoji-conv64f', undefined)
  own.dispose()
  const model = createModel(recipe)
  await loadCheckpoint(weightsFile('emoji-conv64f'), { model: model.state })
  const made = FewShotClassifier.fromModel(model, episodeTransforms(recipe))
  const loaded = await FewShotClassifier.load('emoji-conv64f')
  const said = []
  for (const classifier of [made, loaded]) {
    await addTwo(classifier)
    said.push(await classifier.classify([pattern(0, 9), pattern(1, 8)]))
    classifier.dispose()
  }
  expect(said[0]).toEqual(said[1])
  expect(said[0]!.map(({ label }) => label)).toEqual(['red', 'green'])
})

it('reads pictures as plain data says, and keeps classes apart that were seen otherwise', async () => {
  const file = join(await temporaryFolder(), 'classes.safetensors')
  const classifier = FewShotClassifier.fromModel(smallModel(), input)
  expect(classifier.readsAt).toBe(8 * 32)
  await addTwo(classifier)
  const [result] = await classifier.classify([pattern(1, 9)])
  expect(result!.label).toBe('green')
  await classifier.save(file)
  const again = FewShotClassifier.fromModel(smallModel(), { ...input })
  await again.load(file)
  expect((await again.classify([pattern(1, 9)]))[0]).toEqual(result)
  for (const other of [{ resize: 'square' }, { mean: [0, 0, 0] }, { filter: 'bilinear' }] as const) {
    const otherwise = FewShotClassifier.fromModel(smallModel(), { ...input, ...other })
    await expect(otherwise.load(file)).rejects.toThrow(/other weights/)
    otherwise.dispose()
  }
  classifier.dispose()
  again.dispose()
})

it('takes a transform alone, which leaves levels as they are', async () => {
  const said = []
  for (const pictures of [
    squareResize(32),
    { ...input, resize: 'square', filter: 'bilinear', mean: [0, 0, 0], deviation: [1, 1, 1] },
  ] as const) {
    const classifier = FewShotClassifier.fromModel(smallModel(), pictures)
    await addTwo(classifier)
    said.push(await classifier.classify([pattern(0, 9)]))
    classifier.dispose()
  }
  const [alone, asData] = said.map((results) => results[0]!.probabilities)
  asData!.forEach((probability, index) => expect(alone![index]).toBeCloseTo(probability, 4))
})

it('refuses pictures that cannot be made, and levels whose parts nothing makes', async () => {
  const { model } = await modelOfWeights('emoji-conv64f', undefined)
  expect(() => FewShotClassifier.fromModel(model, input)).toThrow(
    new InputError(
      "the model's levels (part, pixel, global) look at parts of pictures; give transforms that make them, { whole, parts, normalisation }, or levels that do without",
    ),
  )
  expect(() => FewShotClassifier.fromModel(model, { ...input, resize: 30 })).toThrow(InputError)
  model.dispose()
})
