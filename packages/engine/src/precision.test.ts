import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import {
  enginePrecision,
  graphFunction,
  InputError,
  loadEngine,
  randomKey,
  randomUniform,
  tf,
} from './index.js'

beforeAll(async () => {
  await loadEngine()
})

afterEach(async () => {
  delete process.env.M2L_PRECISION
  await loadEngine({ precision: 'f32' })
})

/** A matrix product as a graph of no precision of its own. */
function product(): number[] {
  const f = graphFunction(({ a }: { a: tf.Tensor }) => ({ b: tf.matMul(a as tf.Tensor2D, a as tf.Tensor2D) }))
  const values = tf.tidy(() => Array.from(f({ a: randomUniform(randomKey(1), [8, 8]) }).b.dataSync()))
  f.dispose()
  return values
}

describe('the precision of the engine', () => {
  it('is that of the environment until it is told', () => {
    process.env.M2L_PRECISION = 'bf16'
    expect(enginePrecision()).toBe('bf16')
    process.env.M2L_PRECISION = 'f8'
    expect(() => enginePrecision()).toThrow(new InputError('M2L_PRECISION is f8; expected f32 or bf16'))
  })

  it('is float32 unless told, and what the last call of loadEngine said', async () => {
    expect(enginePrecision()).toBe('f32')
    const exact = product()
    await loadEngine({ precision: 'bf16' })
    expect(enginePrecision()).toBe('bf16')
    const narrow = product()
    expect(narrow).not.toEqual(exact)
    for (const [index, value] of narrow.entries()) expect(value).toBeCloseTo(exact[index]!, 1)
    await loadEngine()
    expect(enginePrecision()).toBe('bf16')
  })

  it('is refused when it has no meaning', async () => {
    await expect(loadEngine({ precision: 'f8' as 'f32' })).rejects.toThrow(
      new InputError('precision is f8; expected f32 or bf16'),
    )
  })
})
