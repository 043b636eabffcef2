import { loadEngine, randomKey, tf } from '@m2l/engine'
import { beforeAll, describe, expect, it } from 'vitest'
import { kaimingNormalFanOut, normal, uniform, uniformFanIn, xavierUniform } from '../index.js'

const key = randomKey(5)
const kernel = [3, 3, 64, 96]

beforeAll(async () => {
  await loadEngine()
})

function describeDraw(draw: () => tf.Tensor) {
  const before = tf.memory().numTensors
  const tensor = draw()
  expect(tf.memory().numTensors).toBe(before + 1)
  const values = tensor.dataSync<'float32'>()
  tensor.dispose()
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length
  const largest = values.reduce((sofar, value) => Math.max(sofar, Math.abs(value)), 0)
  return { mean, deviation: Math.sqrt(variance), largest }
}

describe('initialisers', () => {
  it.each([
    ['xavierUniform', xavierUniform, Math.sqrt(6 / (9 * 64 + 9 * 96))],
    ['uniformFanIn', uniformFanIn, 1 / Math.sqrt(9 * 64)],
  ])('%s fills its bounds evenly', (_, initialise, bound) => {
    const { mean, deviation, largest } = describeDraw(() => initialise(key, kernel))
    expect(largest).toBeLessThanOrEqual(bound)
    expect(largest).toBeGreaterThan(0.999 * bound)
    expect(Math.abs(mean / bound)).toBeLessThan(0.02)
    expect(deviation / bound).toBeCloseTo(1 / Math.sqrt(3), 2)
  })

  it('kaimingNormalFanOut has the deviation sqrt(2 / fanOut)', () => {
    const expected = Math.sqrt(2 / (9 * 96))
    const { mean, deviation } = describeDraw(() => kaimingNormalFanOut(key, kernel))
    expect(Math.abs(mean / expected)).toBeLessThan(0.02)
    expect(deviation / expected).toBeCloseTo(1, 2)
  })

  it('normal is normal: two thirds within a deviation, and a mean', () => {
    const values = tf.tidy(() => normal(key, [40_000], 3, 2).dataSync())
    const within = (deviations: number) =>
      values.filter((value) => Math.abs(value - 3) < 2 * deviations).length / values.length
    expect(within(1)).toBeCloseTo(0.6827, 2)
    expect(within(2)).toBeCloseTo(0.9545, 2)
    expect(values.every(Number.isFinite)).toBe(true)
  })

  it('treats a linear layer as a 1x1 kernel', () => {
    const { largest } = describeDraw(() => xavierUniform(key, [200, 100]))
    expect(largest).toBeLessThanOrEqual(Math.sqrt(6 / 300))
    expect(largest).toBeGreaterThan(0.99 * Math.sqrt(6 / 300))
  })

  it('uniform keeps to its interval', () => {
    const values = tf.tidy(() => uniform(key, [10_000], -3, -1).dataSync())
    expect(values.every((value) => value >= -3 && value <= -1)).toBe(true)
  })

  it('refuses a weight without inputs', () => {
    expect(() => xavierUniform(key, [4])).toThrow(RangeError)
  })
})
