import { expect, test } from 'vitest'
import { didYouMean, nearestName } from './index.js'

test.each([
  ['pixl', ['part', 'pixel', 'global'], 'pixel'],
  ['Dgo', ['cat', 'dog'], 'dog'],
  ['GLOBAL', ['part', 'global'], 'global'],
  ['neighbors', ['neighbours', 'neighbour'], 'neighbours'],
  ['ab', ['cd'], undefined],
  ['transformer', ['part', 'pixel'], undefined],
  ['x', [], undefined],
])('%j among %j means %j', (name, known, meant) => {
  expect(nearestName(name, known)).toBe(meant)
})

test('the question ends a message, with the name as the message writes names', () => {
  expect(didYouMean('pixl', ['pixel'])).toBe('; did you mean pixel?')
  expect(didYouMean('grey wofl', ['grey wolf'], (name) => `"${name}"`)).toBe('; did you mean "grey wolf"?')
  expect(didYouMean('x', ['pixel'])).toBe('')
})
