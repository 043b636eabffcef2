import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { nearTwinGroups } from './index.js'
import { splitClasses } from './split-classes.js'

describe('nearTwinGroups', () => {
  test.each([
    ['faces', ['grinning-face', 'face-with-tongue', 'cat-face']],
    ['clock faces', ['one-oclock', 'seven-thirty', 'alarm-clock']],
    ['coloured books', ['blue-book', 'orange-book', 'books']],
    ['moon phases', ['full-moon', 'waning-gibbous-moon']],
    ['heart colours', ['red-heart', 'two-hearts', 'heart-with-arrow']],
    ['shapes', ['white-circle', 'black-large-square', 'small-blue-diamond', 'white-question-mark']],
    ['people', ['man', 'old-woman', 'person-biking', 'womens-room']],
    ['mail', ['e-mail', 'envelope', 'closed-mailbox-with-raised-flag']],
  ])('%s are one group', (_, names) => {
    expect(nearTwinGroups(names)).toEqual([names])
  })

  test.each([
    ['colours', ['red-apple', 'red-car']],
    ['sizes and directions', ['small-airplane', 'small-orange', 'oncoming-bus', 'oncoming-fist']],
    ['what an emoji is with', ['face-with-tongue', 'tongue']],
    ['parts of words', ['ant', 'elephant', 'panda', 'pan']],
  ])('%s do not make a group', (_, names) => {
    expect(nearTwinGroups(names)).toEqual(names.map((name) => [name]))
  })

  test('kinship passes on', () => {
    expect(nearTwinGroups(['alarm-clock', 'alarm-bell', 'snail', 'bell'])).toEqual([
      ['alarm-clock', 'alarm-bell', 'bell'],
      ['snail'],
    ])
  })

  test('every name is in one group', () => {
    const word = fc.constantFrom('face', 'cat', 'red', 'moon', 'with', 'hat', 'one', 'oclock', 'zebra')
    const name = fc.array(word, { minLength: 1, maxLength: 4 }).map((words) => words.join('-'))
    fc.assert(
      fc.property(fc.uniqueArray(name, { maxLength: 30 }), (names) => {
        expect(nearTwinGroups(names).flat().toSorted()).toEqual(names.toSorted())
      }),
    )
  })
})

test('splitClasses keeps groups whole and gives 64, 16 and 20 %', () => {
  const singles = Array.from({ length: 170 }, (_, index) => `thing${index}`)
  const faces = Array.from({ length: 30 }, (_, index) => `mood${index}-face`)
  const { train, val, test: tested } = splitClasses([...singles, ...faces])
  expect([train.length, val.length, tested.length]).toEqual([128, 32, 40])
  expect(train.filter((name) => name.endsWith('face'))).toHaveLength(30)
  expect(new Set([...train, ...val, ...tested]).size).toBe(200)
})
