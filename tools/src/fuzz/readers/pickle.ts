import {
  numpyConstructors,
  PickleCall,
  PickleError,
  PickleGlobal,
  readPickle,
  writePickle,
} from '@m2l/pickle'
import fc from 'fast-check'
import { changed, madeUp } from '../forms.js'
import type { Reader } from '../reader.js'

// Written here by hand: `writePickle` makes no byte strings and no numpy arrays.

/** The instructions that make a dict. */
export function pickledDict(entries: Readonly<Record<string, Buffer>>): Buffer {
  const items = Object.entries(entries).flatMap(([key, value]) => [pickledText(key), value])
  return Buffer.concat([Buffer.from('}('), ...items, Buffer.from('u')])
}

/** The instructions that make a list. */
export function pickledList(items: readonly Buffer[]): Buffer {
  return Buffer.concat([Buffer.from(']('), ...items, Buffer.from('e')])
}

/** The instruction that makes a whole number of 32 bits. */
export function pickledNumber(value: number): Buffer {
  const code = Buffer.from('J\0\0\0\0')
  code.writeInt32LE(value, 1)
  return code
}

/** The instruction that makes a text of up to 255 bytes. */
export function pickledText(text: string): Buffer {
  return Buffer.concat([
    Buffer.from(`U${String.fromCharCode(text.length)}`, 'latin1'),
    Buffer.from(text, 'latin1'),
  ])
}

/** The instructions that make a numpy array, as numpy pickles one. */
export function pickledArray(shape: readonly number[], bytes: Buffer, type = 'u1'): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32LE(bytes.length)
  return Buffer.concat([
    Buffer.from('cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\0tU\x01btR(K\x01('),
    ...shape.map(pickledNumber),
    Buffer.from('tcnumpy\ndtype\n(U\x02'),
    Buffer.from(type),
    Buffer.from('K\0K\x01tR(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb\x89T', 'latin1'),
    length,
    bytes,
    Buffer.from('tb'),
  ])
}

/** A whole pickle of protocol 2. */
export function pickleOf(value: Buffer): Buffer {
  return Buffer.concat([Buffer.from('\x80\x02', 'latin1'), value, Buffer.from('.')])
}

/** What pickles of data sets consist of. */
const values: readonly Buffer[] = [
  pickleOf(
    pickledDict({
      data: pickledArray([2, 2, 2, 3], Buffer.alloc(24, 9)),
      labels: pickledList([0, 1, 300, -5].map(pickledNumber)),
      more: pickledArray([3], Buffer.alloc(24, 3), 'i8'),
    }),
  ),
  writePickle([[null, true, [0.5, 'text', new Map([['a', 1]])]], new PickleGlobal('numpy.ndarray')]),
  writePickle(new PickleCall('collections.OrderedDict', [], new Map([['type', 2 ** 40]]))),
]

/** Instructions of every kind, with the bytes that mostly follow them. */
export const program = fc
  .array(
    fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom(...'(N]})aesutqrhjcRbUTXJKM012diogpPQISVFLl\x80\x85\x86\x87\x88\x8a\x8b\x8c\x8e\x8f\x90\x91\x93\x94\x95\x96\x97\x98\x81') },
      { weight: 2, arbitrary: fc.constantFrom('\0', '\x01', '\x02', '\n', '\xff', '\xff\xff\xff\x7f', '\xff\xff\xff\xff') },
      { weight: 1, arbitrary: fc.constantFrom('cnumpy\ndtype\n', 'cnumpy.core.multiarray\n_reconstruct\n', 'c_codecs\nencode\n', 'ccollections\nOrderedDict\n', 'ctorch._utils\n_rebuild_tensor_v2\n', 'ctorch\nFloatStorage\n', 'X\x06\0\0\0latin1', 'U\x02u1') },
      { weight: 1, arbitrary: fc.nat(255).map((byte) => String.fromCharCode(byte)) },
    ),
    { maxLength: 100 },
  )
  .map((parts) => Buffer.from(`\x80\x02${parts.join('')}.`, 'latin1')) // prettier-ignore

/** Pickles of numpy arrays and plain data. */
export const pickle: Reader = {
  name: 'pickle',
  share: 200,
  async open() {
    return {
      forms: [changed(values), madeUp(program)],
      read: (input) => readPickle(input, { constructors: numpyConstructors }),
      isRefusal: (error) => error instanceof PickleError,
    }
  },
}
