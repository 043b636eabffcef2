import { writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import {
  numpyConstructors,
  openPickleFile,
  PickleError,
  readPickle,
  type PickleOptions,
  type PickleSource,
  type PickleValue,
} from './index.js'

const folder = await mkdtemp(join(tmpdir(), 'm2l-hostile-'))
afterAll(() => rm(folder, { recursive: true }))

const written = (text: string) => Buffer.from(text, 'latin1')
const protocol2 = (text: string) => written(`\x80\x02${text}`)

/** What a pickle is refused with. */
function refusal(
  source: Buffer | PickleSource,
  options: PickleOptions = { constructors: numpyConstructors },
): string {
  try {
    readPickle(source, options)
  } catch (error) {
    if (error instanceof PickleError) return error.message
    throw error
  }
  return 'read'
}

describe('names of Python that are not in the table', () => {
  const globals = globalThis as { attacked?: boolean }
  beforeEach(() => delete globals.attacked)

  test.each([
    ['GLOBAL and REDUCE', 'cos\nsystem\n(U\x06echo 1tR.', 'os.system'],
    ['INST', '(U\x06echo 1ios\nsystem\n.', 'os.system'],
    ['OBJ', '(cos\nsystem\nU\x06echo 1o.', 'os.system'],
    ['NEWOBJ', 'csubprocess\nPopen\n(U\x06echo 1t\x81.', 'subprocess.Popen'],
    ['STACK_GLOBAL', '\x8c\x08builtins\x8c\x04eval\x93\x8c\x011\x85R.', 'builtins.eval'],
    ['a chain of attributes', 'cbuiltins\ngetattr\n(cos\nsystem\nU\x08__call__tR.', 'builtins.getattr'],
    [
      'a dotted path',
      '\x8c\x0bcollections\x8c\x19OrderedDict.__reduce_ex__\x93.',
      'collections.OrderedDict.__reduce_ex__',
    ],
    ['what every object of JavaScript has', 'cconstructor\n__proto__\n.', 'constructor.__proto__'],
    ['a global of JavaScript', 'cglobalThis\nFunction\n(U\x08attackedtR.', 'globalThis.Function'],
    ['a line break in a name', '\x8c\x04os\n!\x8c\x06system\x93.', 'os?!.system'],
  ])('%s', (_, program, name) => {
    const message = `it asks for ${name}, which is not among what may be made here`
    expect(refusal(protocol2(program))).toBe(message)
    expect(globals.attacked).toBeUndefined()
  })

  test('a name without a dot of its own is looked up whole', () => {
    expect(refusal(protocol2('c\ntoString\n.'))).toContain('it asks for .toString')
    const { value } = readPickle(protocol2('}U\x09__proto__K\x01s.'))
    expect(value).toEqual(new Map([['__proto__', 1]]))
  })

  test.each([
    ['extension codes', '\x82\x01.', 'instruction 0x82 is not one of plain data'],
    ['keyword arguments', 'ccollections\nOrderedDict\n)}\x92.', 'instruction 0x92 is not one of plain data'],
    ['buffers from outside', '\x97.', 'instruction 0x97 is not one of plain data'],
    [
      'a call of what may only be named',
      'cnumpy\nndarray\n)R.',
      'it calls numpy.ndarray, which may only be named here',
    ],
    ['a call of a text', 'U\x02os)R.', 'it calls what is no function'],
    ['a state for a list', ']}b.', 'it sets the state of what is no object'],
    ['a name that is no text', 'NN\x93.', 'it asks for a name that is no text'],
    ['another encoding', 'c_codecs\nencode\nX\x01\0\0\0aU\x05utf-8\x86R.', 'it encodes something else'],
    [
      'a text that is no bytes',
      'c_codecs\nencode\nX\x03\0\0\0\xe2\x98\x83X\x06\0\0\0latin1\x86R.',
      'are none',
    ],
  ])('%s', (_, program, message) => {
    expect(refusal(protocol2(program))).toContain(message)
  })
})

describe('instructions that do not fit together', () => {
  test.each([
    ['an empty stack', '.'],
    ['a missing mark', ']e.'],
    ['a value below the mark', 'K\x01(0.'],
    ['append to what is below the mark', '](K\x01a.'],
    ['a tuple of too few', 'K\x01\x86.'],
    ['half an item', '}(K\x01u.'],
    ['append to a dict', '}K\x01a.'],
    ['items of a list', '](K\x01K\x02u.'],
    ['an unknown reference', 'h\x09.'],
    ['a reference to the future', 'j\xff\xff\xff\xff.'],
    ['a memo of nothing', 'q\x00.'],
    ['a negative memo', 'Np-1\n.'],
    ['a number that is none', 'Iten\n.'],
    ['a float that is none', 'F\n.'],
    ['a string without quotes', 'Sabc\n.'],
    ['a string that ends in an escape', "S'abc\\'\n."],
    ['a character beyond Unicode', 'V\\Uffffffff\n.'],
    ['a protocol of the future', '\x80\x06N.'],
  ])('%s', (_, program) => {
    expect(refusal(protocol2(program))).not.toBe('read')
  })
})

describe('sizes', () => {
  const huge = '\xff\xff\xff\xff\xff\xff\xff\x7f'
  test.each(['\x8e', '\x96', '\x8d', '\x95'].map((code) => code + huge))(
    'beyond the source: %j',
    (program) => {
      expect(refusal(protocol2(program))).toBe('it is cut off')
    },
  )
  test.each(['T', 'B', 'X', '\x8b'])('of four bytes beyond the source: %s', (code) => {
    expect(refusal(protocol2(`${code}\xff\xff\xff\xff`))).toMatch(/cut off|number of 4294967295 bytes/)
  })

  const array = (shape: string, type = 'u1') =>
    protocol2(
      `cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\0tU\x01btR(K\x01${shape}cnumpy\ndtype\n(U\x02${type}K\0K\x01tR\x89U\x04abcdtb.`,
    )
  test.each([
    ['2^40 elements', '(\x8a\x06\0\0\0\0\0\x01t'],
    ['a product beyond all numbers', `(${'\x8a\x06\0\0\0\0\0\x01'.repeat(40)}t`],
    ['a negative side', '(J\xff\xff\xff\xffJ\xfc\xff\xff\xfft'],
    ['half a side', '(G\x3f\xe0\0\0\0\0\0\0K\x08t'],
    ['too many sides', `(${'K\x01'.repeat(65)}K\x04t`],
    ['no shape', 'N'],
  ])('of a numpy array: %s', (_, shape) => {
    expect(refusal(array(shape))).toContain('it holds a numpy array')
  })

  test('a numpy array keeps its shape when the pickle changes the list that gave it', () => {
    const text = array('(K\x04tq\x05').toString('latin1')
    const { value } = readPickle(written(text.replace(/\.$/, 'h\x05K\x63a0.')), {
      constructors: numpyConstructors,
    })
    expect(value).toMatchObject({ shape: [4], data: Buffer.from('abcd') })
  })

  test.each(['O8', 'V9', 'zz'])('numpy arrays of %s are refused', (type) => {
    expect(refusal(array('(K\x04t', type))).toBe('it holds a numpy array of objects or records')
  })
})

describe('memory', () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const heap = () => {
    collect()
    const { heapUsed, external, arrayBuffers } = process.memoryUsage()
    return heapUsed + external + arrayBuffers
  }

  /**
   * What is on the stack already, and what is added again and again; a # is a byte of a number that counts
   * up.
   */
  const kinds: [string, string, string][] = [
    ['lists', '](', ']'],
    ['lists of one', '](', ']Na'],
    ['dicts', '](', '}'],
    ['dicts of one', '](', '}NNs'],
    ['sets', '](', '\x8f'],
    ['tuples', '](', ')'],
    ['tuples of one', '](', 'N\x85'],
    ['tuples in tuples', 'N', '\x85'],
    ['marks', '', '('],
    ['nothing', '](', 'N'],
    ['copies', '](N', '2'],
    ['references', ']q\0(', 'h\0'],
    ['memos', 'N', 'r####'],
    ['memos far apart', 'N', 'r\x99###'],
    ['memos in order', 'N', '\x94'],
    ['floats', '](', 'G####\0\0\0\0'],
    ['long numbers', '](', '\x8a\x09\x01\x01\x01\x01\x01\x01\x01\x01\x01'],
    ['texts', '](', 'X\x03\0\0\0\xe2\x98\x83'],
    ['byte strings', '](', 'U\x02ab'],
    ['entries of a dict', '}(', 'J####N'],
    ['entries of a set', '\x8f(', 'J####'],
    ['calls', '](ccollections\nOrderedDict\nq\x01', 'h\x01)R'],
    ['encoded bytes', '](c_codecs\nencode\nq\x01X\x01\0\0\0aX\x06\0\0\0latin1\x86q\x02', 'h\x01h\x02R'],
    ['numpy arrays', '](cnumpy.core.multiarray\n_reconstruct\nq\x01', 'h\x01)R'],
    ['numpy types', '](cnumpy\ndtype\nq\x01', 'h\x01U\x02u1\x85R'],
  ]

  test.each(kinds)('no more is taken than allowed by %s', (_, start, item) => {
    const memory = 1 << 22
    let taken = 0
    /** Reads that many items, and measures when all are there. */
    const fits = (count: number): boolean => {
      const path = join(folder, 'bomb.pkl')
      writeFileSync(path, bomb(start, item, count))
      const file = openPickleFile(path)
      const before = heap()
      const persistent = () => {
        taken = heap() - before
        return null
      }
      try {
        return !/take more than/.test(refusal(file, { constructors: numpyConstructors, memory, persistent }))
      } finally {
        file.close()
      }
    }
    let [most, tooMany] = [0, memory]
    while (tooMany - most > most / 16 + 1) {
      const count = Math.floor((most + tooMany) / 2)
      if (fits(count)) most = count
      else tooMany = count
    }
    expect(fits(most)).toBe(true)
    expect(taken).toBeLessThan(memory)
    expect(most).toBeGreaterThan(1000)
  })

  function bomb(start: string, item: string, count: number): Buffer {
    const unit = written(item)
    const items = Buffer.alloc(unit.length * count, unit)
    const place = item.indexOf('#')
    const width = item.lastIndexOf('#') - place + 1
    if (place >= 0) {
      for (let index = 0; index < count; index++) items.writeUIntLE(index, index * unit.length + place, width)
    }
    return Buffer.concat([protocol2(start), items, written('Pend\n.')])
  }

  test('a byte string that a pickle encodes again and again counts each time', () => {
    const text = Buffer.alloc(1 << 20, 'a')
    const length = Buffer.alloc(4)
    length.writeUInt32LE(text.length)
    const start = [written('c_codecs\nencode\nq\x01X'), length, text, written('X\x06\0\0\0latin1\x86q\x02')]
    expect(
      refusal(Buffer.concat([protocol2('('), ...start, Buffer.alloc(5 * 1000, 'h\x01h\x02R')])),
    ).toContain('its values take more than 134217728 bytes of memory')
  })

  test('what holds itself or unfolds without end is read as it is', () => {
    const { value: cycle } = readPickle(protocol2(']q\0h\0a.'))
    expect((cycle as PickleValue[])[0]).toBe(cycle)
    const { value: tuple } = readPickle(protocol2(']q\0(h\0tq\x01a.'))
    expect(((tuple as PickleValue[])[0] as PickleValue[])[0]).toBe(tuple)
    const doubled = `](${'K\0'.repeat(10)}eq\0${'h\0h\0\x86q\0'.repeat(60)}.`
    expect(readPickle(protocol2(doubled)).value).toHaveLength(2)
    const deep = Buffer.concat([protocol2('N'), Buffer.alloc(1_000_000, '\x85', 'latin1'), written('.')])
    expect(readPickle(deep).value).toHaveLength(1)
  })
})

describe('any bytes', () => {
  const instruction = fc.constantFrom(
    ...written('(N]})aesutqrhjcRbUTXJKM012diogpPQISVFLl\x80\x85\x86\x87\x88\x8a\x8b\x8f\x90\x91\x94\x93\x81'),
  )
  const program = fc.array(
    fc.oneof(
      { weight: 6, arbitrary: instruction },
      { weight: 1, arbitrary: fc.constantFrom(0, 1, 2, 10) },
      fc.nat(255),
    ),
    { maxLength: 200 },
  )

  test('are read or refused', () => {
    fc.assert(
      fc.property(program, (bytes) => {
        expect(refusal(Buffer.from([0x80, 2, ...bytes, 0x2e]))).toBeTypeOf('string')
      }),
      { numRuns: 5000 },
    )
  })
})
