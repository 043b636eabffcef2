import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { openDataset } from '@m2l/datasets'
import fc from 'fast-check'
import { type Member, mendTar, smallPng, tarOf, zipOf } from '../containers.js'
import { changed, madeUp } from '../forms.js'
import type { Form, Reader } from '../reader.js'
import { pickledArray, pickledDict, pickledList, pickledNumber, pickledText, pickleOf } from './pickle.js'
import { yaml } from './yaml.js'

/** A reader of data sets: opens the input as one and reads its first picture. */
function datasetReader(name: string, share: number, file: string, forms: () => readonly Form[]): Reader {
  return {
    name,
    share,
    async open(folder) {
      const root = join(folder, file)
      return {
        forms: forms(),
        async read(input) {
          writeFileSync(root, input)
          await readFirst(root)
        },
      }
    },
  }
}

async function readFirst(root: string): Promise<void> {
  const dataset = await openDataset({ root })
  try {
    const [first] = Object.values(dataset.splits).flatMap(({ classes }) =>
      classes.flatMap(({ images }) => images),
    )
    if (first) await dataset.read(first)
  } finally {
    await dataset.close()
  }
}

const folders: readonly Member[] = [
  ['set/ant/1.png', smallPng(1)],
  ['set/ant/2.png', smallPng(2)],
  ['set/bee/1.png', smallPng(3)],
]
const table: readonly Member[] = [
  ['train.csv', Buffer.from('filename,label\n1.png,ant\n2.png,bee\n')],
  ['images/1.png', smallPng(1)],
  ['images/2.png', smallPng(2)],
]

const name = fc.oneof(
  fc.constantFrom('a/1.png', 'b/2.png', '../evil.png', '/etc/evil.png', 'a/../../evil.png', 'C:\\evil.png', 'a\\b.png', 'a/1.png/', './a/1.png', 'a//1.png', 'train.csv', 'meta', 'train', 'test.bin', 'fine_label_names.txt', 'caf\u00e9/1.png', 'cafe\u0301/1.png', '\0.png', 'x\ny/1.png', '.hidden/1.png', 'train/a/1.png', 'images_background/a/1.png'),
  fc.string({ maxLength: 8 }),
) // prettier-ignore
const content = fc.oneof(
  fc.constant(smallPng(5)),
  fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
  fc.nat(19).map((power) => Buffer.alloc(1 << power)),
)
const members = fc.array(fc.tuple(name, content), { maxLength: 5 })

/** Zip archives of class folders and tables. */
export const zip = datasetReader('zip', 20, 'set.zip', () => [
  changed([zipOf(folders), zipOf(folders, true), zipOf(table)]),
  madeUp(fc.tuple(members, fc.boolean()).map(([all, isPacked]) => zipOf(all, isPacked))),
])

/** Tar archives of the same, packed and not. */
export const tar = datasetReader('tar', 20, 'set.tar', () => [
  changed([tarOf(folders), tarOf(table)], mendTar),
  changed([tarOf(folders)]),
  changed([gzipSync(tarOf(folders))]),
  madeUp(members.map(tarOf), mendTar),
  madeUp(members.map(tarOf), (archive) => gzipSync(archive, { level: 1 })),
])

/** An image of each of three classes. */
const records = Buffer.concat([0, 1, 2].map((label) => Buffer.alloc(3074, label)))
const cifarNames = Buffer.from('apple\naquarium_fish\nbaby\n')

const binary = (parts: { train?: Buffer; names?: Buffer }): Buffer =>
  tarOf([
    ['cifar-100-binary/train.bin', parts.train ?? records],
    ['cifar-100-binary/fine_label_names.txt', parts.names ?? cifarNames],
  ])

/** CIFAR-100's binary release. */
export const cifarBinary = datasetReader('cifar-binary', 15, 'cifar-100-binary.tar', () => [
  changed([cifarNames], (names) => binary({ names })),
  changed([records], (train) => binary({ train })),
  changed([binary({})], mendTar),
])

const meta = pickleOf(pickledDict({ fine_label_names: pickledList(['apple', 'baby'].map(pickledText)) }))
const half = pickleOf(
  pickledDict({
    fine_labels: pickledList([0, 1].map(pickledNumber)),
    data: pickledArray([2, 3072], Buffer.alloc(6144, 5)),
  }),
)

const python = (parts: { train?: Buffer; meta?: Buffer }): Buffer =>
  gzipSync(
    tarOf([
      ['cifar-100-python/meta', parts.meta ?? meta],
      ['cifar-100-python/train', parts.train ?? half],
    ]),
    { level: 1 },
  )

/** CIFAR-100's Python release. */
export const cifarPython = datasetReader('cifar-python', 15, 'cifar-100-python.tar.gz', () => [
  changed([meta], (part) => python({ meta: part })),
  changed([half], (train) => python({ train })),
  changed([python({})]),
])

const exclusionList = 'exclude:\n  - "ant/1.png" # a copy\n  - bee/1.png\n  #- "cow/1.png"\n'

/** Lists of pictures to leave out. */
export const exclusions: Reader = {
  name: 'exclusion-list',
  share: 15,
  async open(folder) {
    const root = join(folder, 'set')
    for (const [path, bytes] of folders) {
      mkdirSync(join(folder, path, '..'), { recursive: true })
      writeFileSync(join(folder, path), bytes)
    }
    const exclude = join(folder, 'exclude.yaml')
    return {
      forms: [changed([exclusionList]), madeUp(yaml)],
      async read(input) {
        writeFileSync(exclude, input)
        await (await openDataset({ root, exclude })).close()
      },
    }
  },
}
