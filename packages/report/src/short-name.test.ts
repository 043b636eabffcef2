import fc from 'fast-check'
import { expect, it } from 'vitest'
import { nameWidth, shortName } from './short-name.js'

it('keeps what fits and cuts the rest between letters', () => {
  expect(shortName('apple', 5)).toBe('apple')
  expect(shortName('aquarium fish', 9)).toBe('aquarium…')
  expect(shortName('狗和猫', 5)).toBe('狗和…')
  expect(shortName('👩‍👩‍👧👩‍👩‍👧', 3)).toBe('👩‍👩‍👧…')
})

it('takes no more room than allowed', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 30 }), (name, most) => {
      expect(nameWidth(shortName(name, most))).toBeLessThanOrEqual(most)
    }),
  )
})
