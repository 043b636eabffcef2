import { expect, test } from 'vitest'
import { tellingNames } from './telling-names.js'

test.each([
  [
    ['pets/cat.jpg', 'pets/dog.jpg'],
    ['cat.jpg', 'dog.jpg'],
  ],
  [
    ['hen/1.png', 'owl/1.png', 'owl/2.png'],
    ['hen/1.png', 'owl/1.png', '2.png'],
  ],
  [
    ['a/x/1.png', 'b/x/1.png', 'c/1.png', '1.png'],
    ['a/x/1.png', 'b/x/1.png', 'c/1.png', '1.png'],
  ],
  [['same/1.png', 'same/1.png'], ['1.png']],
  [
    [`a/IMG_${'0'.repeat(40)}_7.jpg`, `b/IMG_${'0'.repeat(40)}_7.jpg`],
    ['a/IMG_00000000…000000000_7.jpg', 'b/IMG_00000000…000000000_7.jpg'],
  ],
])('%j are told apart by as little as it takes', (paths, names) => {
  expect([...tellingNames(paths).values()]).toEqual(names)
})
