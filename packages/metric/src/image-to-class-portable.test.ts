import { loadEngine, randomKey, randomUniform, tf } from '@m2l/engine'
import { beforeAll, describe, expect, it } from 'vitest'
import { imageToClassScores } from './index.js'

beforeAll(async () => {
  process.env.M2L_ENGINE = 'wasm'
  await loadEngine()
})

describe('imageToClassScores without the native engine', () => {
  it.each([1, 2])('has the same scores and gradients whatever its memory: %d neighbours', (neighbours) => {
    const results = [64, 0].map((memoryMib) =>
      tf.tidy(() => {
        const [query, support] = [1, 2].map((seed) => tf.sub(randomUniform(randomKey(seed), [3, 4, 5]), 0.5))
        const measure = (a: tf.Tensor, b: tf.Tensor) =>
          imageToClassScores(a as tf.Tensor3D, b as tf.Tensor3D, [1, 2], { neighbours, memoryMib })
        const gradients = tf.grads(measure)([query!, support!])
        return [measure(query!, support!), ...gradients].flatMap((tensor) => Array.from(tensor.dataSync()))
      }),
    )
    const [whole, bounded] = results as [number[], number[]]
    expect(tf.getBackend()).toBe('wasm')
    expect(whole).toHaveLength(3 * 2 + 2 * 60)
    for (const [index, value] of whole.entries()) expect(bounded[index]).toBeCloseTo(value, 5)
  })
})
