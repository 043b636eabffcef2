import type { Files } from '../make-files.test.helper.js'

/** A made-up CIFAR-100 of three classes. */
export const cifarNames = ['apple', 'aquarium_fish', 'baby']
export const cifarLabels = { train: [2, 0, 1, 0, 2], test: [1, 2, 0] }

/** Planes of an image: all pixels of image i have red i, green 100 + i, and blue by pixel. */
function planes(index: number): Buffer {
  const bytes = Buffer.alloc(3072)
  bytes.fill(index, 0, 1024)
  bytes.fill(100 + index, 1024, 2048)
  for (let pixel = 0; pixel < 1024; pixel++) bytes[2048 + pixel] = pixel % 256
  return bytes
}

/** The pixels of {@link planes}. */
export function cifarPixels(index: number): number[] {
  return Array.from({ length: 1024 }, (_, pixel) => [index, 100 + index, pixel % 256]).flat()
}

export function cifarBinaryFiles(): Files {
  const half = (labels: readonly number[]): Buffer =>
    Buffer.concat(labels.flatMap((label, index) => [Buffer.from([9, label]), planes(index)]))
  return {
    'train.bin': half(cifarLabels.train),
    'test.bin': half(cifarLabels.test),
    'fine_label_names.txt': `${cifarNames.join('\n')}\n`,
    'coarse_label_names.txt': 'things\n',
  }
}

export function cifarPythonFiles(): Files {
  return {
    train: cifarPickle(cifarLabels.train),
    test: cifarPickle(cifarLabels.test),
    meta: pickle(dict([['fine_label_names', list(cifarNames.map(string))]])),
    'file.txt~': '',
  }
}

/** A half, pickled as Python 2 with numpy did: protocol 2. */
export function cifarPickle(labels: readonly number[], data?: Buffer): Buffer {
  return pickle(
    dict([
      ['filenames', list(labels.map((_, index) => string(`picture_${index}.png`)))],
      ['batch_label', string('training batch 1 of 1')],
      ['fine_labels', list(labels.map(int))],
      ['coarse_labels', list(labels.map(() => int(0)))],
      ['data', data ?? numpyBytes(labels.length, Buffer.concat(labels.map((_, index) => planes(index))))],
    ]),
  )
}

export const pickle = (value: Buffer): Buffer =>
  Buffer.concat([Buffer.from([0x80, 2]), value, Buffer.from('.')])

export const call = (name: string, ...args: Buffer[]): Buffer =>
  Buffer.concat([global(name), Buffer.from('('), ...args, Buffer.from('tR')])

export function string(text: string): Buffer {
  return Buffer.concat([Buffer.from([0x55, text.length]), Buffer.from(text)])
}

export function int(value: number): Buffer {
  const bytes = Buffer.from([0x4a, 0, 0, 0, 0])
  bytes.writeInt32LE(value, 1)
  return bytes
}

export function list(items: readonly Buffer[]): Buffer {
  return Buffer.concat([Buffer.from(']q\x07('), ...items, Buffer.from('e')])
}

export function dict(items: readonly (readonly [string, Buffer])[]): Buffer {
  return Buffer.concat([
    Buffer.from('}('),
    ...items.flatMap(([key, value]) => [string(key), value]),
    Buffer.from('u'),
  ])
}

export function global(name: string): Buffer {
  const dot = name.lastIndexOf('.')
  return Buffer.from(`c${name.slice(0, dot)}\n${name.slice(dot + 1)}\n`)
}

export function numpyBytes(rows: number, content: Buffer, type = 'u1'): Buffer {
  return numpyArray([rows, 3072], content, type)
}

export function numpyArray(shape: readonly number[], content: Buffer, type = 'u1'): Buffer {
  const size = Buffer.alloc(4)
  size.writeUInt32LE(content.length)
  const none = Buffer.from('N')
  const no = Buffer.from([0x89])
  const state = [int(3), string('|'), none, none, none, int(-1), int(-1), int(0)]
  const numpyType = [call('numpy.dtype', string(type), int(0), int(1)), tuple(state), Buffer.from('b')]
  return Buffer.concat([
    call('numpy.core.multiarray._reconstruct', global('numpy.ndarray'), tuple([int(0)]), string('b')),
    tuple([int(1), tuple(shape.map(int)), Buffer.concat(numpyType), no, Buffer.from('T'), size, content]),
    Buffer.from('b'),
  ])
}

export const tuple = (items: readonly Buffer[]): Buffer =>
  Buffer.concat([Buffer.from('('), ...items, Buffer.from('t')])
