import { expect, test } from 'vitest'
import { folderNames } from './folder-names.js'

test('every label has a folder of its own that file systems take', () => {
  const labels = [
    'fox',
    'Fox',
    '..',
    '.hidden',
    'a/b',
    'a_b',
    'end. ',
    'CON',
    'nul.txt',
    'tab\there',
    '猫',
    'x'.repeat(300),
  ]
  const names = folderNames(labels)
  expect([...names]).toEqual([
    ['fox', 'fox'],
    ['Fox', 'Fox (2)'],
    ['..', '__'],
    ['.hidden', '_hidden'],
    ['a/b', 'a_b'],
    ['a_b', 'a_b (2)'],
    ['end. ', 'end__'],
    ['CON', '_CON'],
    ['nul.txt', '_nul.txt'],
    ['tab\there', 'tab_here'],
    ['猫', '猫'],
    ['x'.repeat(300), expect.stringMatching(/^x{191}-[0-9a-f]{8}$/) as string],
  ])
  for (const name of names.values()) expect(Buffer.byteLength(name)).toBeLessThanOrEqual(210)
})
