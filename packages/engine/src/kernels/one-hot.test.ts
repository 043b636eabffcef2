import { beforeAll, describe, expect, it } from 'vitest'
import { loadEngine, tf } from '../index.js'

beforeAll(async () => {
  process.env.M2L_ENGINE = 'wasm'
  await loadEngine()
})

describe('oneHot without the native engine', () => {
  it.each(['bool', 'int32', 'float32'] as const)('writes nothing behind its result: %s', (dtype) => {
    const labels = Array.from({ length: 104 }, (_, image) => image % 8)
    tf.tidy(() => {
      const sevens = new Float32Array(208).fill(7)
      const indices = tf.tensor1d(labels, 'int32')
      const neighbours = Array.from({ length: 16 }, () => tf.tensor1d(sevens))
      for (const [place, tensor] of neighbours.entries()) if (place % 2 === 0) tensor.dispose() // holes to reuse
      const result = tf.oneHot(indices, 8, 1, 0, dtype)
      expect(result.dtype).toBe(dtype)
      expect(Array.from(result.dataSync())).toEqual(
        labels.flatMap((label) => [0, 1, 2, 3, 4, 5, 6, 7].map((c) => +(c === label))),
      )
      for (const tensor of neighbours.filter(({ isDisposed }) => !isDisposed))
        expect(new Set(tensor.dataSync())).toEqual(new Set([7]))
    })
  })

  it('leaves no tensor behind', () => {
    const before = tf.memory().numTensors
    tf.oneHot([1, 0], 2, 1, 0, 'bool').dispose()
    expect(tf.memory().numTensors).toBe(before)
  })
})
