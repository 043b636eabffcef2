import { readFileSync } from 'node:fs'
import { createBackbone } from '@m2l/backbones'
import { loadEngine, randomKey, tf } from '@m2l/engine'
import { readCheckpoint } from '@m2l/trainer'
import { assignBackbone } from '@m2l/model'
import { beforeAll, describe, expect, test } from 'vitest'
import { fetchedWeights } from '../../index.js'

beforeAll(async () => {
  await loadEngine()
})

/** Of each network, what testdata/make_lite_features.py printed. */
const expected = JSON.parse(
  readFileSync(new URL('testdata/lite-features.json', import.meta.url), 'utf8'),
) as Readonly<Record<string, { size: number; largest: number; everyTenth: readonly number[] }>>

/** The picture of testdata/make_lite_features.py, as the network is given it. */
function picture(size: number): tf.Tensor4D {
  const levels = Float32Array.from({ length: size * size * 3 }, (_, index) => {
    const [y, x, channel] = [Math.floor(index / 3 / size), Math.floor(index / 3) % size, index % 3]
    return ((Math.floor((y * y * (channel + 1) + 7 * x * (channel + 3) + x * y) / 64) % 256) - 127) / 128
  })
  return tf.tensor4d(levels, [1, size, size, 3])
}

const cached = fetchedWeights().weights

// They come over the network, so that they are compared where a person has fetched them: m2l weights get
// NAME.
describe.runIf(cached.length > 0)('fetched weights', () => {
  test.each(cached)(
    'give the features of the program that they were published with: $name',
    async (weights) => {
      const { file, encoder, name, input } = weights
      const { size, largest, everyTenth } = expected[name]!
      expect(input.size).toBe(size)
      const backbone = createBackbone(encoder, randomKey(1))
      assignBackbone(file, await readCheckpoint(file), backbone.state)
      const features = tf.tidy(() => {
        const map = backbone.embed(picture(size), { training: false }) // [1, side, side, 1280]
        return tf.squeeze(tf.mean(map, [1, 2])).dataSync() // [1280]
      })
      backbone.dispose()
      const differences = everyTenth.map((value, index) => Math.abs(value - features[10 * index]!) / largest)
      expect(Math.max(...differences)).toBeLessThan(1e-5)
      expect(Math.max(...features) / largest).toBeCloseTo(1, 5)
    },
  )
})
