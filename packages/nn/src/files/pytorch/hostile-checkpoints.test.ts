import { InputError } from '@m2l/engine'
import { PersistentId, PickleCall, PickleGlobal, writePickle, type WritablePickle } from '@m2l/pickle'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodePyTorch, type PyTorchContent } from '../index.js'
import {
  dict,
  fixture,
  four,
  legacyCheckpoint,
  storage,
  tensor,
  zipCheckpoint,
  zipOf,
} from './checkpoint-files.test.helper.js'

/** What is read, or the one line of the refusal; any other error fails the test. */
async function outcome(bytes: Buffer): Promise<PyTorchContent | string> {
  try {
    return await decodePyTorch(bytes, 'x.pth')
  } catch (error) {
    const inOneLine =
      /^x\.pth: not a PyTorch checkpoint that can be read: [^\n]+; copy it again, or save its weights alone: .+$/
    if (!(error instanceof InputError && inOneLine.test(error.message))) throw error
    return error.message
  }
}

const containers = [
  ['zip', zipCheckpoint],
  ['legacy', async (value: WritablePickle | Buffer) => legacyCheckpoint(value)],
] as const

describe.each(containers)('a pickle in the %s container', (_, checkpoint) => {
  const refusal = async (value: WritablePickle | Buffer) => outcome(await checkpoint(value))
  const call = (name: string, ...args: WritablePickle[]) =>
    dict({ weight: tensor(), x: new PickleCall(name, args) })

  test.each(['os.system', 'builtins.eval', 'builtins.getattr', 'torch.load', 'argparse.Namespace'])(
    '%s is refused by name',
    async (name) => {
      expect(await refusal(call(name, 'echo 1'))).toContain(`it asks for ${name}, which is not among`)
    },
  )

  test.each<[string, WritablePickle]>([
    ['2^40 elements', tensor([2 ** 40], [1])],
    ['a last element beyond', tensor([2, 2], [3, 1])],
    ['an offset beyond', tensor([1], [1], 4)],
    ['sizes beyond all numbers', tensor(new Array(64).fill(2 ** 40), new Array(64).fill(2 ** 40))],
    ['a negative offset', tensor([1], [1], -1)],
    ['a negative stride', tensor([2], [-1], 1)],
    ['too few strides', tensor([2, 2], [1])],
    ['half a side', tensor([0.5], [1])],
    ['too many sides', tensor(new Array(65).fill(1), new Array(65).fill(1))],
    ['no storage', tensor([1], [1], 0, 'storage')],
    ['two kinds of one storage', tensor([1], [1], 0, storage('IntStorage', 4))],
    ['two sizes of one storage', tensor([1], [1], 0, storage('FloatStorage', 3))],
    ['a storage that is not there', tensor([1], [1], 0, storage('FloatStorage', 4, '1'))],
    ['a storage of 2^50 bytes', tensor([1], [1], 0, storage('FloatStorage', 2 ** 50, '1'))],
    ['a storage by a path', tensor([1], [1], 0, storage('FloatStorage', 4, '../data/0'))],
    [
      'a storage of what is no type',
      tensor([1], [1], 0, new PersistentId(['storage', 'FloatStorage', '0', 'cpu', 4])),
    ],
    ['something else than a storage', tensor([1], [1], 0, new PersistentId('module'))],
    [
      'a class as a storage',
      tensor([1], [1], 0, new PersistentId(['storage', new PickleGlobal('torch.Size'), '0', 'cpu', 4])),
    ],
    ['a parameter of nothing', new PickleCall('torch._utils._rebuild_parameter', [null, true, null])],
  ])('a tensor with %s is refused', async (_name, hostile) => {
    expect(await refusal(dict({ good: tensor(), hostile }))).toBeTypeOf('string')
  })

  test('a view of as many axes as there may be is read by those that are long', async () => {
    const [shape, strides] = [new Array(62).fill(1), new Array(62).fill(7)]
    const read = await outcome(await checkpoint(dict({ a: tensor([...shape, 2, 2], [...strides, 1, 2]) })))
    const { shape: sides, data } = (read as Exclude<typeof read, string>).tensors.a!
    expect(sides).toEqual([...shape, 2, 2])
    expect(data).toHaveLength(4)
  })

  test('a stride of nought cannot unfold to more than memory', async () => {
    expect(await refusal(dict({ a: tensor([2 ** 20, 2 ** 20], [0, 0]) }))).toContain(
      'its tensors unfold to 4398046511104 bytes',
    )
    const many = Object.fromEntries(
      Array.from({ length: 100 }, (_name, index) => [`t${index}`, tensor([2 ** 19], [0])]),
    )
    expect(await refusal(dict(many))).toContain('its tensors unfold to 209715200 bytes, more than')
  })

  test('what is not a state dict is refused', async () => {
    for (const value of [null, 3, 'text', [], tensor()]) expect(await refusal(value)).toBeTypeOf('string')
  })

  test('dicts that hold themselves end', async () => {
    const cyclic = Buffer.from('\x80\x02}q\x00X\x05\x00\x00\x00modelh\x00s.', 'latin1')
    expect(await refusal(cyclic)).toContain('it holds no state dict, but model')
  })

  test('lists in lists that unfold without end end', async () => {
    const bomb = Buffer.from(
      `\x80\x02]q\x00${'h\x00h\x00\x86q\x00'.repeat(100)}0}X\x01\0\0\0ah\x00s.`,
      'latin1',
    )
    expect(await refusal(bomb)).toContain('it holds no state dict, but a')
  })

  test('a shape that the pickle changes afterwards stays', async () => {
    const text = writePickle(dict({ a: tensor([4], [1]) })).toString('latin1')
    const shape = '(J\x04\0\0\0t'
    const changed = text.replace(shape, `${shape}q\x09`).replace(/u\.$/, 'h\x09J\xff\xff\xff\x7fa0u.')
    const read = (await refusal(Buffer.from(changed, 'latin1'))) as PyTorchContent
    expect(read.tensors).toEqual({ a: { dtype: 'float32', shape: [4], data: Float32Array.of(1, 2, 3, 4) } })
  })
})

describe('a hostile zip archive', () => {
  const pickle = writePickle(dict({ a: tensor() }))
  const good: [string, Buffer][] = [
    ['a/data.pkl', pickle],
    ['a/data/0', four],
  ]
  /** The archive with each occurrence of a name changed to one of the same length. */
  const renamed = async (list: typeof good, from: string, to: string) =>
    Buffer.from((await zipOf(list)).toString('latin1').replaceAll(from, to), 'latin1')

  test.each<[string, () => Promise<Buffer>, string]>([
    ['compressed', () => zipOf(good, true), 'a/data.pkl in it is compressed'],
    ['without a pickle', () => zipOf([['a/data/0', four]]), 'a zip archive with 0 files NAME/data.pkl'],
    [
      'of two checkpoints',
      () => zipOf([...good, ['b/data.pkl', pickle]]),
      'a zip archive with 2 files NAME/data.pkl',
    ],
    ['without its storage', () => zipOf([['a/data.pkl', pickle]]), 'it lacks a/data/0'],
    [
      'with a short storage',
      () => zipOf([good[0]!, ['a/data/0', four.subarray(1)]]),
      'storage 0 has 15 bytes instead of 16',
    ],
    [
      'with a name twice',
      () => renamed([...good, ['a/data/1', four]], 'a/data/1', 'a/data/0'),
      'it holds a/data/0 twice',
    ],
    [
      'with a path upwards',
      () => renamed([...good, ['a/dat/1', four]], 'a/dat/1', '../da/1'),
      'invalid relative path',
    ],
    [
      'with a path from the root',
      () => renamed([...good, ['a/dat/1', four]], 'a/dat/1', '/a/da/1'),
      'absolute path',
    ],
    [
      'with backslashes',
      () => renamed([...good, ['a/dat/1', four]], 'a/dat/1', 'a\\dat\\1'),
      'invalid characters',
    ],
    [
      'of an unknown byte order',
      () => zipOf([...good, ['a/byteorder', Buffer.from('both')]]),
      'neither little nor big',
    ],
  ])('%s is refused', async (_, make, message) => {
    expect(await outcome(await make())).toContain(message)
  })

  /** The archive with a change in the central directory's record of its last file. */
  const patched = async (change: (record: Buffer) => void) => {
    const bytes = await zipOf(good)
    change(bytes.subarray(bytes.lastIndexOf('PK\x01\x02')))
    return bytes
  }

  test('encrypted files are refused', async () => {
    const bytes = await patched((record) => {
      record.writeUInt16LE(record.readUInt16LE(8) | 1, 8)
      record.writeUInt32LE(four.length + 12, 20)
    })
    expect(await outcome(bytes)).toContain('a/data/0 in it is encrypted')
  })

  test('files that overlap are refused', async () => {
    const bytes = await patched((record) => record.writeUInt32LE(0, 42))
    expect(await outcome(bytes)).toMatch(/overlap|has two names/)
    const inner = await zipOf(good)
    const outer = await zipOf([['a/data/1', inner.subarray(0, inner.indexOf('PK\x01\x02'))], ...good])
    const record = outer.subarray(outer.lastIndexOf('PK\x01\x02'))
    record.writeUInt32LE(outer.indexOf('PK\x03\x04', 4) + inner.lastIndexOf('PK\x03\x04'), 42)
    expect(await outcome(outer)).toContain('a/data/1 and a/data/0 in it overlap')
  })

  test('sizes beyond the file are refused', async () => {
    const bytes = await patched((record) => {
      record.writeUInt32LE(0x7fffffff, 20)
      record.writeUInt32LE(0x7fffffff, 24)
    })
    expect(await outcome(bytes)).toBeTypeOf('string')
  })

  test('big-endian storages are read', async () => {
    const big = Buffer.from(four).swap32()
    const read = await outcome(
      await zipOf([good[0]!, ['a/data/0', big], ['a/byteorder', Buffer.from('big')]]),
    )
    expect(read).toMatchObject({ tensors: { a: { data: Float32Array.of(1, 2, 3, 4) } } })
  })
})

describe('a hostile older container', () => {
  test('parts of storages, and parts beyond them', async () => {
    const part = (start: number, elements: number) => {
      const id = new PersistentId([
        'storage',
        new PickleGlobal('torch.FloatStorage'),
        '0',
        'cpu',
        4,
        ['p', start, elements],
      ])
      return outcome(legacyCheckpoint(dict({ a: tensor([2], [1], 0, id) })))
    }
    expect(await part(2, 2)).toMatchObject({ tensors: { a: { data: Float32Array.of(3, 4) } } })
    for (const [start, elements] of [
      [3, 2],
      [-1, 2],
      [0, 1],
    ])
      expect(await part(start!, elements!)).toBeTypeOf('string')
  })

  test.each<[string, WritablePickle, string]>([
    ['no list', 3, 'it does not list its storages'],
    ['an unknown key', ['1'], 'it lists a storage to which nothing refers'],
    ['no key', [], 'it lacks storage 0'],
    ['a key twice', ['0', '0'], 'it is cut off'],
  ])('a list of storages with %s', async (_, keys, message) => {
    expect(await outcome(legacyCheckpoint(dict({ a: tensor() }), keys))).toContain(message)
  })

  test('another magic number or version', async () => {
    const bytes = legacyCheckpoint(dict({ a: tensor() }))
    const [magic, version] = [Buffer.from(bytes), Buffer.from(bytes)]
    magic[5]! ^= 1
    version[18]! ^= 1
    expect(await outcome(magic)).toContain('magic number')
    expect(await outcome(version)).toContain('a version that is unknown')
  })
})

describe('damage', () => {
  const zip = fixture('module_zip')
  const legacy = fixture('module_legacy')

  test('a checkpoint that is cut off anywhere is refused', async () => {
    for (const whole of [zip, legacy]) {
      for (let length = 4; length < whole.length; length++) {
        expect(await outcome(whole.subarray(0, length)), `${length} bytes`).toBeTypeOf('string')
      }
    }
  })

  test('a changed byte in a zip never changes a tensor', async () => {
    const { tensors } = await decodePyTorch(zip, 'whole')
    await fc.assert(
      fc.asyncProperty(fc.nat(zip.length - 1), fc.integer({ min: 1, max: 255 }), async (position, change) => {
        fc.pre(position >= 4)
        const damaged = Buffer.from(zip)
        damaged[position]! ^= change
        const read = await outcome(damaged)
        expect(typeof read === 'string' ? tensors : read.tensors).toEqual(tensors)
      }),
      { numRuns: 1000 },
    )
  })

  test('a changed byte in an older container ends in tensors or one line', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(legacy.length - 5),
        fc.integer({ min: 1, max: 255 }),
        async (position, change) => {
          const damaged = Buffer.from(legacy)
          damaged[position + 4]! ^= change
          expect(await outcome(damaged)).toBeDefined()
        },
      ),
      { numRuns: 2000 },
    )
  })

  test('any bytes after a beginning that is right end in one line', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.boolean(), async (bytes, isZip) => {
        const start = isZip ? zip.subarray(0, 4) : legacy.subarray(0, 15)
        expect(await outcome(Buffer.concat([start, bytes]))).toBeTypeOf('string')
      }),
      { numRuns: 1000 },
    )
  })
})
