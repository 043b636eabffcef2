import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { deflateSync } from 'node:zlib'
import { prepareDataset } from '@m2l/datasets'
import fc from 'fast-check'
import { type Member, smallPng, zipOf } from '../containers.js'
import { changed, madeUp } from '../forms.js'
import type { Form, Reader } from '../reader.js'
import {
  pickledArray,
  pickledDict,
  pickledList,
  pickledNumber,
  pickledText,
  pickleOf,
  program,
} from './pickle.js'

interface Preparation {
  /** The data set that is prepared. */
  readonly dataSet: string
  readonly split?: string
  /** The file that is read, below the source's folder. */
  readonly file: string
  /** What else is there. */
  readonly others: readonly Member[]
  readonly forms: () => readonly Form[]
}

/** A reader of data sets as they are distributed: prepares one of which one file is the input. */
function preparedReader(
  name: string,
  share: number,
  { dataSet, split, file, others, forms }: Preparation,
): Reader {
  return {
    name,
    share,
    async open(folder) {
      const from = join(folder, 'from')
      const to = join(folder, 'to')
      for (const [path, content] of [...others, [file, Buffer.alloc(0)] as const]) {
        mkdirSync(dirname(join(from, path)), { recursive: true })
        writeFileSync(join(from, path), content)
      }
      return {
        forms: forms(),
        async read(input) {
          writeFileSync(join(from, file), input)
          try {
            await prepareDataset({ name: dataSet, from, to, incomplete: true, ...(split !== undefined && { split: join(folder, split) }) })
          } finally {
            rmSync(to, { recursive: true, force: true })
          }
        },
      }
    }, // prettier-ignore
  }
}

/** An element of a MAT-file. */
function element(type: number, data: Buffer): Buffer {
  const tag = Buffer.alloc(8)
  tag.writeUInt32LE(type)
  tag.writeUInt32LE(data.length, 4)
  return Buffer.concat([tag, data, Buffer.alloc(type === 15 ? 0 : -data.length & 7)])
}

const integers = (...values: number[]): Buffer => Buffer.from(Int32Array.from(values).buffer)

function array(kind: number, sides: readonly number[], name: string, ...content: Buffer[]): Buffer {
  const start = [element(6, integers(kind, 0)), element(5, integers(...sides)), element(1, Buffer.from(name))]
  return element(14, Buffer.concat([...start, ...content]))
}

const text = (value: string): Buffer => array(4, [1, value.length], '', element(16, Buffer.from(value)))

const carNames = array(1, [1, 2], 'class_names', text('AM General Hummer'), text('Acura RL'))
const carTable = array(
  2,
  [1, 2],
  'annotations',
  element(5, integers(17)),
  element(1, Buffer.concat(['relative_im_path', 'class'].map((name) => Buffer.from(name.padEnd(17, '\0'))))),
  ...[1, 2].flatMap((car) => [text(`car_ims/${car}.png`), array(9, [1, 1], '', element(2, Buffer.of(car)))]),
)
const matOf = (...variables: Buffer[]): Buffer =>
  Buffer.concat([
    Buffer.from('MATLAB 5.0 MAT-file'.padEnd(124)),
    Buffer.from('\0\x01IM', 'latin1'),
    ...variables,
  ])
const packed = (variable: Buffer): Buffer => element(15, deflateSync(variable, { level: 1 }))

/** MATLAB's tables of Stanford Cars. */
export const mat = preparedReader('mat', 5, {
  dataSet: 'stanford-cars',
  split: '../cars.yaml',
  file: 'cars_annos.mat',
  others: [
    ['car_ims/1.png', smallPng(1)],
    ['car_ims/2.png', smallPng(2)],
    ['../../cars.yaml', Buffer.from('train: [AM General Hummer]\ntest: [Acura RL]\n')],
  ],
  forms: () => [
    changed([matOf(carNames, carTable), matOf(packed(carNames), packed(carTable))]),
    changed([carTable], (part) => matOf(carNames, packed(part))),
    changed([carNames], (part) => matOf(packed(part), carTable)),
    madeUp(fc.integer({ min: 8, max: 26 }).map((power) => matOf(packed(Buffer.alloc(1 << power))))),
    madeUp(
      fc
        .integer({ min: 8, max: 24 })
        .map((power) => matOf(packed(array(9, [1 << power], 'x', element(2, Buffer.alloc(1 << power)))))),
    ),
  ],
})

const npy = (header: Buffer, pixels: Buffer): Buffer => {
  const start = Buffer.from('\x93NUMPY\x01\0\0\0', 'latin1')
  start.writeUInt16LE(Math.min(header.length, 65_535), 8)
  return Buffer.concat([start, header, pixels])
}
const npyHeader = Buffer.from("{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3, 4, 3), }\n")
const npzOf = (array_: Buffer, isPacked = false): Buffer => zipOf([['images.npy', array_]], isPacked)
const pixels = Buffer.alloc(2 * 3 * 4 * 3, 77)
const tieredLabels = pickleOf(
  pickledDict({
    labels: pickledArray([2], Buffer.from(BigInt64Array.of(0n, 1n).buffer), 'i8'),
    label_specific_str: pickledList(['n01530575', 'n01674464'].map(pickledText)),
  }),
)

/** Numpy archives of pictures. */
export const npz = preparedReader('npz', 5, {
  dataSet: 'tiered-imagenet',
  file: 'train_images.npz',
  others: [['train_labels.pkl', tieredLabels]],
  forms: () => [
    changed([npzOf(npy(npyHeader, pixels)), npzOf(npy(npyHeader, pixels), true)]),
    changed([npyHeader], (header) => npzOf(npy(header, pixels))),
    changed([npy(npyHeader, pixels)], (array_) => npzOf(array_, true)),
  ],
})

/** Pickled labels of tieredImageNet. */
export const pickledLabels = preparedReader('pickled-labels', 5, {
  dataSet: 'tiered-imagenet',
  file: 'train_labels.pkl',
  others: [['train_images.npz', npzOf(npy(npyHeader, pixels))]],
  forms: () => [changed([tieredLabels]), madeUp(program)],
})

const images = pickledArray([3, 2, 2, 3], Buffer.alloc(36, 8))
const indices = (...values: number[]): Buffer => pickledList(values.map(pickledNumber))

/** Pickled pictures of miniImageNet. */
export const pickledPictures = preparedReader('pickled-pictures', 5, {
  dataSet: 'mini-imagenet',
  file: 'mini-imagenet-cache-train.pkl',
  others: [],
  forms: () => [
    changed([
      pickleOf(pickledDict({ image_data: images, class_dict: pickledDict({ n01532829: indices(0, 2), n01558993: indices(1) }) })),
    ]),
    madeUp(program),
  ],
}) // prettier-ignore
