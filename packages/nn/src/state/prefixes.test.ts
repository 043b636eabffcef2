import { expect, test } from 'vitest'
import { within, prefixed } from '../index.js'

test('what is put under a prefix is found within it, and nothing else', () => {
  const values = { ...prefixed('encoder', { 'conv.weight': 1, bias: 2 }), encoders: 3, 'encoders.bias': 4 }
  expect(values).toEqual({ 'encoder.conv.weight': 1, 'encoder.bias': 2, encoders: 3, 'encoders.bias': 4 })
  expect(within('encoder', values)).toEqual({ 'conv.weight': 1, bias: 2 })
  expect(within('decoder', values)).toEqual({})
})
