import { expect, test } from 'vitest'
import { count } from './index.js'

test.each([
  [1, 'epoch', '1 epoch'],
  [2, 'epoch', '2 epochs'],
  [0, 'class', '0 classes'],
  [2, 'batch', '2 batches'],
  [2, 'branch', '2 branches'],
  [3, 'picture', '3 pictures'],
  [1, 'box', '1 box'],
  [2, 'hash', '2 hashes'],
])('%d %s', (number, one, expected) => {
  expect(count(number, one)).toBe(expected)
})

test('a plural of its own', () => {
  expect(count(2, 'copy', 'copies')).toBe('2 copies')
})
