import { expect, test } from 'vitest'
import { sha256 } from './sha256.js'
import { sha256 as sha256OfNode } from './sha256-node.js'

test('the SHA-256 of "abc" is that of FIPS 180-2', () => {
  expect(sha256(new TextEncoder().encode('abc'))).toBe(
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  )
})

test.each([0, 55, 56, 63, 64, 65, 1000])('is what Node gives, of %i bytes in two pieces', (length) => {
  const bytes = Uint8Array.from({ length }, (_, index) => (index * 151) % 256)
  const pieces = [bytes.subarray(0, length >> 1), bytes.subarray(length >> 1)]
  expect(sha256(...pieces)).toBe(sha256OfNode(...pieces))
})
