import { loadEngine, randomKey, randomUniform, tf } from '@m2l/engine'
import { encodeSafetensors } from '@m2l/nn'
import { loadWeights } from '@m2l/weights'
import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { FewShotClassifier } from '../index.js'

let before: number

beforeAll(async () => {
  await loadEngine({ device: 'cpu' })
})

beforeEach(() => {
  before = tf.memory().numTensors
})

afterEach(expectNothingLeft)

function expectNothingLeft() {
  expect(tf.memory().numTensors).toBe(before)
}

/** Stripes of some width in a colour, with noise. */
function striped(kind: number, number: number) {
  const [width, height] = [40, 40]
  const noise = tf.tidy(() =>
    randomUniform(randomKey(number).fold('noise', kind), [width * height * 3]).dataSync(),
  )
  const data = Uint8Array.from(noise, (level, index) => {
    const [column, channel] = [Math.floor(index / 3) % width, index % 3]
    const isDark = Math.floor(column / (2 + 3 * kind)) % 2 === 0
    return 60 * level + (isDark ? 20 : channel === kind % 3 ? 190 : 90)
  })
  return { width, height, data }
}

async function answersOf(classifier: FewShotClassifier) {
  for (const kind of [0, 1, 2]) {
    await classifier.add(`stripes ${kind}`, [striped(kind, 1), striped(kind, 2), striped(kind, 3)])
  }
  return classifier.classify([0, 1, 2].map((kind) => striped(kind, 9)))
}

it('takes shipped weights by name and by their bytes', async () => {
  const named = await FewShotClassifier.load('emoji-conv64f')
  const answers = await answersOf(named)
  expect(answers.map(({ label }) => label)).toEqual(['stripes 0', 'stripes 1', 'stripes 2'])
  expect(Object.keys(answers[0]!.levels)).toEqual(['part', 'pixel', 'global'])
  const given = await FewShotClassifier.load(await loadWeights('emoji-conv64f'))
  expect(await answersOf(given)).toEqual(answers)
  expect([(await named.saved()).weights, (await given.saved()).weights]).toEqual(['emoji-conv64f', undefined])
  const moved = await FewShotClassifier.load('emoji-conv64f')
  await moved.decodeClasses(await named.encodeClasses())
  expect(await moved.classify([striped(2, 9)])).toEqual([answers[2]])
  for (const one of [named, given, moved]) one.dispose()
})

it('chooses among several by the examples', async () => {
  const classifier = await FewShotClassifier.load(['emoji-conv64f', 'omniglot-conv64f'])
  await answersOf(classifier)
  const { tried, weights } = await classifier.choose()
  expect(tried.map((one) => one.weights)).toEqual(['emoji-conv64f', 'omniglot-conv64f'])
  expect(['emoji-conv64f', 'omniglot-conv64f']).toContain(weights)
  classifier.dispose()
})

it.each<[string, () => Promise<unknown>, RegExp]>([
  [
    'another name',
    () => FewShotClassifier.load('emoji'),
    /^emoji: no weights of this name are shipped; expected cifar-fs/,
  ],
  ['no weights', () => FewShotClassifier.load([]), /^expected at least one weights/],
  [
    'something else',
    () => FewShotClassifier.load(7 as never),
    /^the weights are given as number; give a shipped name \(cifar-fs-conv64f, .*\), bytes or a URL/,
  ],
  [
    'bytes of a picture',
    () => FewShotClassifier.load(Uint8Array.from([137, 80, 78, 71, 13, 10, 26, 10, 0])),
    /^the weights: not a valid safetensors file: it announces a header/,
  ],
  [
    'bytes of other tensors',
    () => FewShotClassifier.load(encodeSafetensors({ tensors: {}, metadata: {} })),
    /^the weights: holds weights that are no checkpoint of ours/,
  ],
  [
    'an address that nobody serves',
    () => FewShotClassifier.load(new URL('http://127.0.0.1:9/weights.safetensors')),
    /^http:\/\/127\.0\.0\.1:9\/weights\.safetensors: the weights cannot be fetched \(/,
  ],
])('refuses %s in a line', async (_, load, message) => {
  await expect(load()).rejects.toThrow(message)
})

it('refuses a path in place of a picture, by its name', async () => {
  const classifier = await FewShotClassifier.load('emoji-conv64f')
  await expect(classifier.add('cats', ['cats/one.jpg'])).rejects.toThrow(
    /^cats\/one\.jpg: is a path, which only @m2l\/m2l reads, in Node; give the bytes of the file$/,
  )
  classifier.dispose()
})
