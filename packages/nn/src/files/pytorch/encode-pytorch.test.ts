import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import type { StoredTensor } from '../../index.js'
import { decodePyTorch, encodePyTorch, loadWeights, savePyTorch } from '../index.js'
import { hasTorch, runPython } from './python.test.helper.js'

const folder = await mkdtemp(join(tmpdir(), 'm2l-pytorch-'))
afterAll(() => rm(folder, { recursive: true }))

const shape = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 })
const tensor: fc.Arbitrary<StoredTensor> = shape.chain((sides) => {
  const exactly = { minLength: sides.reduce((product, side) => product * side, 1) }
  const length = { ...exactly, maxLength: exactly.minLength }
  return fc.oneof(
    fc.float32Array(length).map((data) => ({ dtype: 'float32', shape: sides, data })),
    fc.int32Array(length).map((data) => ({ dtype: 'int32', shape: sides, data })),
    fc.uint8Array(length).map((data) => ({ dtype: 'uint8', shape: sides, data })),
    fc.bigInt64Array(length).map((data) => ({ dtype: 'int64', shape: sides, data })),
  )
})
const name = fc.stringMatching(/^[a-z][a-z0-9_.]{0,20}$/)

test('what is written is read as it was', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.dictionary(name, tensor, { minKeys: 1, maxKeys: 5 }),
      fc.boolean(),
      async (tensors, bare) => {
        const entries = { epoch: 7, accuracy: 0.25, name: 'Grüße', finished: true, note: null }
        const bytes = await encodePyTorch(tensors, bare ? {} : { under: 'fsl', entries })
        expect(await decodePyTorch(bytes, 'x')).toEqual({
          container: 'zip',
          tensors,
          under: bare ? null : 'fsl',
          entries: bare ? {} : entries,
          leftOut: {},
        })
      },
    ),
    { numRuns: 50 },
  )
})

const tensors = {
  'encoder.weight': { shape: [2, 3], data: Float32Array.of(1, -2, 0.5, 3e38, -0, 1 / 3) },
  'encoder.count': { shape: [], data: BigInt64Array.of(2n ** 62n) },
  'encoder.empty': { shape: [0, 3], data: new Float32Array(0) },
  'encoder.codes': { shape: [3], data: Uint8Array.of(0, 1, 255) },
  'encoder.labels': { shape: [2, 1], data: Int32Array.of(-(2 ** 31), 2 ** 31 - 1) },
}

test('the same content gives the same bytes', async () => {
  expect(await encodePyTorch(tensors)).toEqual(await encodePyTorch(tensors))
})

test('values that do not fill their shape are not written', async () => {
  await expect(encodePyTorch({ a: { shape: [3], data: Float32Array.of(1) } })).rejects.toThrow(
    'a has 1 value, but its shape is [3]',
  )
})

test.each(['fsl', null])('PyTorch loads what is written under %s', async (under) => {
  const file = join(folder, `${under}.pth`)
  await savePyTorch(file, tensors, { under, entries: under === null ? {} : { epoch: 7, best: 0.5 } })
  expect(await loadWeights(file)).toMatchObject({ format: 'pytorch-zip', tensors, under })
  expect((await readFile(file)).includes('torch._utils\n_rebuild_tensor_v2')).toBe(true)
  if (!hasTorch) return
  const loaded = runPython(
    `
import collections, json, sys, torch
value = torch.load(sys.argv[1], weights_only=True)
state = value["fsl"] if "fsl" in value else value
assert type(state) is collections.OrderedDict
describe = lambda t: [str(t.dtype), list(t.shape), t.is_contiguous(), [repr(x) for x in t.flatten().tolist()]]
print(json.dumps({
  "entries": {key: item for key, item in value.items() if key != "fsl" and not torch.is_tensor(item)},
  "tensors": {key: describe(item) for key, item in state.items()},
}))`,
    file,
  )
  const third = String(Math.fround(1 / 3))
  expect(loaded).toEqual({
    entries: under === null ? {} : { epoch: 7, best: 0.5 },
    tensors: {
      'encoder.weight': [
        'torch.float32',
        [2, 3],
        true,
        ['1.0', '-2.0', '0.5', expect.stringMatching(/^3\.\d+e\+38$/), '-0.0', third],
      ],
      'encoder.count': ['torch.int64', [], true, [String(2n ** 62n)]],
      'encoder.empty': ['torch.float32', [0, 3], true, []],
      'encoder.codes': ['torch.uint8', [3], true, ['0', '1', '255']],
      'encoder.labels': ['torch.int32', [2, 1], true, ['-2147483648', '2147483647']],
    },
  })
})
