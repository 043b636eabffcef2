import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { GeneratedInputs } from './generated-inputs.js'

it('gives the first run exactly what salt and name say', () => {
  const seed = fnv('public/probe')
  const next = Number((1664525n * BigInt(seed) + 1013904223n) % 2n ** 32n)
  const [value] = new GeneratedInputs('public').values('probe', 1, { scale: 3, shift: 2 })
  expect(value).toBe(Math.fround(((next / 2 ** 32) * 2 - 1) * 3 + 2))
})

function fnv(text: string): number {
  const bytes = [...new TextEncoder().encode(text)]
  return Number(bytes.reduce((hash, byte) => ((hash ^ BigInt(byte)) * 16777619n) % 2n ** 32n, 2166136261n))
}

it('moves the inputs of other runs by rounding, each run in its own way', () => {
  fc.assert(
    fc.property(fc.string(), fc.integer({ min: 1, max: 40 }), (salt, run) => {
      const exact = new GeneratedInputs(salt).values('x', 50)
      const moved = new GeneratedInputs(salt, run).values('x', 50)
      const farthest = Math.max(...moved.map((value, index) => Math.abs(value / exact[index]! - 1)))
      expect(farthest).toBeGreaterThan(1e-7)
      expect(farthest).toBeLessThan(3.9e-6)
      expect(moved).not.toEqual(new GeneratedInputs(salt, run + 1).values('x', 50))
    }),
  )
})
