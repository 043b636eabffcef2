import fc from 'fast-check'
import { expect, it } from 'vitest'
import { areFinite, requireFinite } from './index.js'

it('tells whether all numbers are finite, as asking each does', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.float(), fc.constantFrom(NaN, Infinity, -Infinity, 3.4e38))),
      (numbers) => {
        const values = Float32Array.from(numbers)
        expect(areFinite(values)).toBe(values.every(Number.isFinite))
      },
    ),
  )
})

it('says what is not finite, how much of it, and what to do', () => {
  expect(() => requireFinite([1, 2], 'scores')).not.toThrow()
  expect(() => requireFinite([1, -Infinity, NaN], 'the scores of level x', 'look at it')).toThrow(
    'the scores of level x are not finite: 2 of 3 numbers, -Infinity first; look at it',
  )
})
