import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { decodePyTorch } from '../index.js'
import { dict, fixture, legacyCheckpoint, tensor, zipCheckpoint } from './checkpoint-files.test.helper.js'

interface Described {
  readonly dtype: string
  readonly shape: readonly number[]
  readonly values: readonly (number | string | boolean)[]
}

const expected = JSON.parse(
  readFileSync(new URL('../../testdata/pytorch/expected.json', import.meta.url), 'utf8'),
) as { checkpoints: Record<string, Record<string, Described>> }

describe.each(['zip', 'legacy'] as const)('a checkpoint of PyTorch, %s', (container) => {
  const read = (name: string) => decodePyTorch(fixture(`${name}_${container}`), 'checkpoint.pth')

  test.each(Object.keys(expected.checkpoints))('%s', async (name) => {
    const content = await read(name)
    expect(content.container).toBe(container)
    const found = Object.entries(content.tensors).map(([key, { dtype, shape, data }]) => {
      const isTruth = dtype === 'bool'
      const values = Array.from<number | bigint, Described['values'][number]>(data, (value) =>
        isTruth ? value === 1 : typeof value === 'bigint' ? String(value) : value,
      )
      return [key, { dtype, shape, values }]
    })
    expect(Object.fromEntries(found)).toEqual(expected.checkpoints[name])
  })

  test('what is beside the weights', async () => {
    const { under, entries, leftOut } = await read('training')
    expect(under).toBe('state_dict')
    expect(entries).toEqual({ epoch: 3, best_accuracy: 0.5, name: 'tiny', finished: false, note: null })
    expect(leftOut).toEqual({ optimizer: 'dict of 2', scheduler: 'dict of 8', rng: 'tensor [3]' })
  })
})

const containers = [
  ['zip', zipCheckpoint],
  ['legacy', async (value: Parameters<typeof legacyCheckpoint>[0]) => legacyCheckpoint(value)],
] as const

describe.each(containers)('where the weights are, %s', (_, checkpoint) => {
  const read = async (items: Parameters<typeof dict>[0]) =>
    decodePyTorch(await checkpoint(dict(items)), 'checkpoint.pth')
  const square = { dtype: 'float32', shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) }

  test.each(['fsl', 'state_dict', 'model', 'params', 'net', 'anything'])('under %s', async (name) => {
    const { tensors, under } = await read({ epoch: 1, [name]: dict({ 'module.module.a': tensor() }) })
    expect({ tensors, under }).toEqual({ tensors: { a: square }, under: name })
  })

  test('at the top, with what is none among them', async () => {
    const content = await read({
      a: tensor(),
      count: 3,
      more: dict({ b: tensor() }),
      nested: [1, 2],
      __proto__: null,
    })
    expect(content).toMatchObject({ tensors: { a: square }, under: null, entries: { count: 3 } })
    expect(content.leftOut).toEqual({ more: 'dict of 1', nested: 'list of 2' })
  })

  test('names that JavaScript gives a meaning are names', async () => {
    const { tensors } = await read({ ['__proto__']: tensor(), constructor: tensor() })
    expect(Object.keys(tensors)).toEqual(['__proto__', 'constructor'])
  })

  test.each([
    ['nowhere', { epoch: 3, args: [] }, 'it holds no state dict, but epoch, args'],
    ['in nothing', {}, 'it holds no state dict, but nothing'],
    [
      'in several places',
      { student: dict({ a: tensor() }), teacher: dict({ a: tensor() }) },
      'it holds several state dicts, student, teacher; name the one',
    ],
    ['twice', { a: tensor(), 'module.a': tensor() }, 'it holds a twice, with and without module.'],
    ['under a name that is none', { 'a\nb': tensor() }, 'it holds an entry whose name is no name'],
  ])('%s', async (_name, items, message) => {
    await expect(read(items)).rejects.toThrow(message)
  })
})
