import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  PersistentId,
  PickleCall,
  PickleGlobal,
  readPickle,
  writePickle,
  type WritablePickle,
} from './index.js'

const value: fc.Arbitrary<WritablePickle> = fc.letrec<{ value: WritablePickle }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(null, true, false),
    fc.maxSafeInteger(),
    fc.integer(),
    fc.double(),
    fc.string({ unit: 'grapheme' }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.array(fc.tuple(fc.string(), tie('value')), { maxLength: 4 }).map((pairs) => new Map(pairs)),
  ),
})).value

test('what is written is read as it was', () => {
  fc.assert(
    fc.property(value, (whole) => {
      const bytes = writePickle(whole)
      expect(readPickle(bytes)).toEqual({ value: whole, end: bytes.length })
    }),
  )
})

test('calls, names and references are carried out by their tables', () => {
  const items = new Map<string, WritablePickle>([
    ['a', new PersistentId(['storage', new PickleGlobal('torch.FloatStorage'), 3])],
  ])
  const constructors = { 'collections.OrderedDict': () => new Map(), 'torch.FloatStorage': null }
  const seen: unknown[] = []
  const persistent = (id: unknown) => {
    seen.push(id)
    return 'loaded'
  }
  const bytes = writePickle(new PickleCall('collections.OrderedDict', [], items))
  expect(readPickle(bytes, { constructors, persistent }).value).toEqual(new Map([['a', 'loaded']]))
  expect(seen).toEqual([['storage', new PickleGlobal('torch.FloatStorage'), 3]])
})
