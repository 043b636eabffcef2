import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ownName, publishedName } from '../index.js'

test.each([
  ['encoder.layer1.0.weight', 'encoder.layer1.0.weight'],
  ['fsl.encoder.layer1.0.conv1.weight', 'encoder.layer1.0.conv1.weight'],
  ['module.encoder.layer4.1.running_var', 'encoder.layer4.1.running_var'],
  ['encoder.module.layer1.0.weight', 'encoder.layer1.0.weight'],
  ['layer1.0.weight', 'encoder.layer1.0.weight'],
  ['query.graph_func.gc1.weight', 'part.graph.gc1.weight'],
  ['query.module.rn.fc2.bias', 'relation.fc2.bias'],
  ['query.value_head.weight', 'alignment.value.weight'],
  ['query.Norm_layer.weight', null],
  ['classifier.weight', 'classifier.weight'],
])('%s is %s', (published, own) => {
  expect(ownName(published)).toBe(own)
})

test.each([
  ['encoder.layer1.0.weight', 'encoder.layer1.0.weight'],
  ['part.graph.gc2.bias', 'query.graph_func.gc2.bias'],
  ['relation.fc1.weight', 'query.rn.fc1.weight'],
  ['alignment.key.weight', 'query.key_head.weight'],
  ['alignment.query.weight', 'query.query_head.weight'],
  ['alignment.value.weight', 'query.value_head.weight'],
])('%s is there %s, and back', (own, published) => {
  expect(publishedName(own)).toBe(published)
  expect(ownName(published)).toBe(own)
})

test('a name that goes there comes back as it was', () => {
  const part = fc.constantFrom(
    'encoder.layer1.0',
    'part.graph.gc1',
    'relation.fc1',
    'alignment.key',
    'classifier',
  )
  fc.assert(
    fc.property(part, fc.stringMatching(/^[a-z_]{1,9}$/), (start, end) => {
      const own = `${start}.${end}`
      expect(ownName(publishedName(own)!)).toBe(own)
    }),
  )
  expect(publishedName('encoder.batches_seen')).toBeNull()
})
