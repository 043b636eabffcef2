import { readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import {
  ByteRange,
  NumpyArray,
  numpyConstructors,
  numpyValues,
  openPickleFile,
  PickleError,
  pickleInMemory,
  readPickle,
  type PickleOptions,
  type PickleValue,
} from './index.js'

const pickles = JSON.parse(readFileSync(new URL('testdata/pickles.json', import.meta.url), 'utf8')) as Record<
  'plain' | 'containers' | 'numpy',
  string[]
>
const pickleOf = (name: keyof typeof pickles, protocol: number) =>
  Buffer.from(pickles[name][protocol]!, 'base64')

const folder = await mkdtemp(join(tmpdir(), 'm2l-pickle-'))
afterAll(() => rm(folder, { recursive: true }))

/** Reads bytes from a file as well as from memory; both must give the same. */
function read(bytes: Buffer, options: PickleOptions = {}): PickleValue {
  const path = join(folder, 'value.pkl')
  writeFileSync(path, bytes)
  const file = openPickleFile(path)
  try {
    const { value, end } = readPickle(file, options)
    expect(end).toBe(bytes.length)
    expect(readPickle(bytes, options)).toEqual({ value, end })
    return value
  } finally {
    file.close()
  }
}

const written = (text: string) => Buffer.from(text, 'latin1')
const protocols = [0, 1, 2, 3, 4, 5]

describe.each(protocols)('what Python writes in protocol %i', (protocol) => {
  test('plain values', () => {
    const value = read(pickleOf('plain', protocol)) as Map<string, PickleValue>
    expect([...value.keys()]).toEqual([
      'none',
      'truths',
      'integers',
      'floats',
      'text',
      'bytes',
      'shared',
      'many',
    ])
    expect(value.get('none')).toBeNull()
    expect(value.get('truths')).toEqual([true, false])
    expect(value.get('integers')).toEqual([0, -1, 255, 65536, -(2 ** 31), 2 ** 40, 2n ** 63n, -(2n ** 70n)])
    expect(value.get('floats')).toEqual([0.5, -1e300, Infinity])
    expect(value.get('text')).toBe("grüße \u2603 \u{1f40d}\n\\u0041'")
    expect(value.get('bytes')).toEqual(Buffer.from(Array.from({ length: 256 }, (_, index) => index)))
    const [first, second] = value.get('shared') as PickleValue[]
    expect(first).toEqual([1, 2])
    expect(second).toBe(first)
    expect(value.get('many')).toEqual(Array.from({ length: 1100 }, (_, index) => index))
  })

  test('containers', () => {
    expect(read(pickleOf('containers', protocol))).toEqual([
      new Map([
        ['b', 1],
        ['a', 2],
      ]),
      new Map([
        ['a', 2],
        ['b', 1],
      ]),
      new Set([1, 2]),
      new Set([3]),
      Buffer.from([0, 255]),
      Buffer.alloc(0),
    ])
  })

  test('numpy arrays and scalars', () => {
    const value = read(pickleOf('numpy', protocol), { constructors: numpyConstructors }) as Map<
      string,
      NumpyArray
    >
    const described = (name: string) => {
      const { dtype, shape, fortranOrder, data } = value.get(name)!
      return { dtype, shape, fortranOrder, values: numpyValues(dtype, data as Buffer) }
    }
    const rows = { fortranOrder: false }
    expect(described('bytes')).toEqual({
      ...rows,
      dtype: '|u1',
      shape: [2, 3],
      values: Uint8Array.of(0, 1, 2, 3, 4, 5),
    })
    expect(described('floats')).toEqual({
      ...rows,
      dtype: '>f4',
      shape: [1, 2],
      values: Float32Array.of(1.5, -2),
    })
    expect(described('columns')).toEqual({
      dtype: '<i8',
      shape: [2, 3],
      fortranOrder: true,
      values: BigInt64Array.of(0n, 3n, 1n, 4n, 2n, 5n),
    })
    expect(described('truths')).toEqual({ ...rows, dtype: '|b1', shape: [2], values: Uint8Array.of(1, 0) })
    expect(described('empty')).toEqual({ ...rows, dtype: '<f8', shape: [0, 4], values: new Float64Array(0) })
    expect(value.get('scalar')).toBe(2.5)
    expect(value.get('truth')).toBe(true)
    expect(value.get('count')).toBe(2n ** 60n)
  })

  test('cut off anywhere it is refused', () => {
    const whole = pickleOf('numpy', protocol)
    for (let length = 0; length < whole.length; length++) {
      expect(() => readPickle(whole.subarray(0, length), { constructors: numpyConstructors })).toThrow(
        PickleError,
      )
    }
  })
})

describe('what Python 2 writes', () => {
  test('its strings are bytes, and texts where they are keys', () => {
    expect(read(written('\x80\x02}U\x04dataT\x03\0\0\0abcs.'))).toEqual(
      new Map([['data', Buffer.from('abc')]]),
    )
  })

  test('escapes in the strings of protocol 0', () => {
    expect(read(written(String.raw`S'a\x00\'\\\n\101"'` + '\n.'))).toEqual(Buffer.from('a\0\'\\\nA"'))
  })

  test('memos that start at 1, and an OrderedDict of pairs', () => {
    expect(read(written('(lp1\n(lp2\nI1\naI01\naag2\na.'))).toEqual([
      [1, true],
      [1, true],
    ])
    expect(
      read(written('ccollections\nOrderedDict\n(((lp0\n(lp1\nU\x01aaI7\naatR.'.replace('(((', '(('))),
    ).toEqual(new Map([['a', 7]]))
  })

  test('instances of allowed names', () => {
    expect(read(written('(icollections\nOrderedDict\n.'))).toEqual(new Map())
    expect(read(written('(ccollections\nOrderedDict\no.'))).toEqual(new Map())
  })
})

describe('options', () => {
  test('long byte strings are left in the source', () => {
    const bytes = Buffer.concat([
      written('\x80\x02]('),
      ...[3, 300].map((length) =>
        Buffer.concat([
          written('T'),
          Buffer.from([length & 255, length >> 8, 0, 0]),
          Buffer.alloc(length, 7),
        ]),
      ),
      written('e.'),
    ])
    expect(read(bytes, { leaveBytesFrom: 100 })).toEqual([Buffer.alloc(3, 7), new ByteRange(17, 300)])
  })

  test('pickles follow one another', () => {
    const source = pickleInMemory(written('\x80\x02K\x01.\x80\x02K\x02.'))
    const first = readPickle(source)
    expect(readPickle(source, { start: first.end })).toEqual({ value: 2, end: source.size })
  })

  test('persistent ids are given to who asked', () => {
    const persistent = (id: PickleValue) => [id, 'loaded']
    expect(read(written('\x80\x02U\x01aQPb\n\x86.'), { persistent })).toEqual([
      [Buffer.from('a'), 'loaded'],
      ['b', 'loaded'],
    ])
    expect(() => readPickle(written('Pb\n.'))).toThrow('it refers to values outside of it')
  })

  test('many small arrays of a large file fit in little memory', () => {
    const count = 20_000
    const head = written('\x80\x02](')
    const type = written(
      'cnumpy\ndtype\n(U\x02u1K\0K\x01tR(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tbq\x01',
    )
    const array = (ofType: Buffer) =>
      Buffer.concat([
        written(
          'cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\0tU\x01btR(K\x01(M\xe8\x03K\x01t',
        ),
        ofType,
        written('\x89T\xe8\x03\0\0'),
        Buffer.alloc(1000),
        written('tb'),
      ])
    const bytes = Buffer.concat([
      head,
      array(type),
      ...new Array(count - 1).fill(array(written('h\x01'))),
      written('e.'),
    ])
    const path = join(folder, 'arrays.pkl')
    writeFileSync(path, bytes)
    const file = openPickleFile(path)
    const arrays = readPickle(file, { constructors: numpyConstructors, leaveBytesFrom: 256 })
      .value as NumpyArray[]
    expect(arrays).toHaveLength(count)
    const last = arrays.at(-1)!
    expect(last).toMatchObject({
      dtype: '|u1',
      shape: [1000, 1],
      data: new ByteRange(bytes.length - 1004, 1000),
    })
    file.close()
  })
})
