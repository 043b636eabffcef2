import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { openDataset } from '../index.js'
import type { Files } from '../make-files.test.helper.js'
import {
  folderOf,
  messageOf,
  tarOf,
  temporaryFile,
  temporaryFolder,
  zipOf,
} from '../make-files.test.helper.js'
import * as cifar from './cifar-files.test.helper.js'

const releases: [string, () => Files][] = [
  ['binary', cifar.cifarBinaryFiles],
  ['python', cifar.cifarPythonFiles],
]

const wrapped = (files: Files): Files =>
  Object.fromEntries(Object.entries(files).map(([path, content]) => [`cifar-100/${path}`, content]))

describe.each(releases)('CIFAR-100, %s release', (release, filesOf) => {
  test.each([
    ['folder', (files: Files) => folderOf(files)],
    ['wrapped folder', (files: Files) => folderOf(wrapped(files))],
    ['tar', async (files: Files) => temporaryFile('c.tar', await tarOf(wrapped(files)))],
    ['tar.gz', async (files: Files) => temporaryFile('c.tar.gz', gzipSync(await tarOf(wrapped(files))))],
    ['packed zip', async (files: Files) => temporaryFile('c.zip', await zipOf(files))],
    ['stored zip', async (files: Files) => temporaryFile('c.zip', await zipOf(files, false))],
  ])('from a %s', async (_, sourceOf) => {
    const dataset = await openDataset({ root: await sourceOf(filesOf()) })
    const classes = dataset.splits['all']!.classes
    expect(classes.map(({ name, images }) => [name, images.map(({ id }) => id)])).toEqual([
      ['apple', ['test/00002', 'train/00001', 'train/00003']],
      ['aquarium_fish', ['test/00000', 'train/00002']],
      ['baby', ['test/00001', 'train/00000', 'train/00004']],
    ])
    const images = await dataset.readMany(classes[2]!.images)
    expect(images.map(({ data }) => [...data])).toEqual([1, 0, 4].map(cifar.cifarPixels))
    expect(images[0]).toMatchObject({ width: 32, height: 32 })
    await dataset.close()
  })

  test('with a split file, and with one half only', async () => {
    const { test: _, 'test.bin': __, ...files } = filesOf()
    const split = await temporaryFile('split.yaml', 'train: [baby]\ntest: [apple]\n')
    const dataset = await openDataset({ root: await folderOf(files), split })
    expect(dataset.splits['test']!.classes).toEqual([
      { name: 'apple', images: [{ id: 'train/00001' }, { id: 'train/00003' }] },
    ])
    await dataset.close()
  })

  test('named as its layout', async () => {
    const root = await folderOf(filesOf())
    const layout = release === 'binary' ? 'cifar100-binary' : 'cifar100-python'
    const other = release === 'binary' ? 'cifar100-python' : 'cifar100-binary'
    await (await openDataset({ root, layout })).close()
    expect(await messageOf(openDataset({ root, layout: other }))).toContain(`${root}: holds no`)
  })

  test('cut off anywhere it is refused or whole, never misread', async () => {
    const files = filesOf()
    const name = release === 'binary' ? 'train.bin' : 'train'
    const whole = Buffer.from(files[name]!)
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: whole.length - 1 }), async (length) => {
        fc.pre(release === 'python' || length % 3074 !== 0)
        const root = await folderOf({ ...files, [name]: whole.subarray(0, length) })
        expect(await messageOf(openDataset({ root }))).toContain(`${join(root, name)}: is not`)
      }),
      { numRuns: 25 },
    )
  })
})

test('a label without a name is refused', async () => {
  const root = await folderOf({ ...cifar.cifarBinaryFiles(), 'fine_label_names.txt': 'apple\nbaby\n' })
  expect(await messageOf(openDataset({ root }))).toBe(
    `${join(root, 'train.bin')}: record 0 has label 2, but there are 2 classes`,
  )
})

describe('hostile pickles', () => {
  const open = async (train: Buffer): Promise<string> => {
    const root = await folderOf({ ...cifar.cifarPythonFiles(), train })
    const message = await messageOf(openDataset({ root }))
    expect(message).toContain(join(root, 'train'))
    return message
  }

  test('code in them is not run', async () => {
    const trace = join(await temporaryFolder(), 'trace')
    for (const name of [
      'os.system',
      'posix.system',
      'subprocess.call',
      'child_process.execSync',
      'global.eval',
    ]) {
      await open(cifar.pickle(cifar.call(name, cifar.string(`touch ${trace}`))))
      await open(cifar.cifarPickle([0, 1], cifar.call(name, cifar.string(`touch ${trace}`))))
    }
    await expect(access(trace)).rejects.toThrow('ENOENT')
  })

  test.each([
    ['a string longer than the file', Buffer.from([0x80, 2, 0x54, 0xff, 0xff, 0xff, 0xff])],
    ['bytes longer than any memory', Buffer.from([0x80, 4, 0x8e, 255, 255, 255, 255, 255, 255, 255, 255])],
    ['an empty stack', Buffer.from([0x80, 2, 0x2e])],
    ['a missing mark', Buffer.from('\x80\x02]e.', 'latin1')],
    ['an unknown reference', Buffer.from('\x80\x02h\x09.', 'latin1')],
    ['an instruction that makes objects', Buffer.from('\x80\x02cos\nsystem\n)\x81.', 'latin1')],
    ['a list that holds itself', Buffer.from('\x80\x02]q\x00h\x00a.', 'latin1')],
    ['text', Buffer.from('hello')],
    ['no dict', cifar.pickle(cifar.int(3))],
  ])('%s is refused', async (_, bytes) => {
    expect(await open(bytes)).toContain('is not a pickle of CIFAR-100')
  })

  test.each([
    ['another type of numbers', cifar.numpyBytes(2, Buffer.alloc(2 * 3072 * 8), 'f8')],
    ['another number of rows', cifar.numpyBytes(3, Buffer.alloc(3 * 3072))],
    ['a string', cifar.string('pixels')],
  ])('pixels with %s are refused', async (_, data) => {
    expect(await open(cifar.cifarPickle([0, 1], data))).toContain('"data" is not as in CIFAR-100')
  })

  test('pixels of too few bytes are refused', async () => {
    expect(await open(cifar.cifarPickle([0, 1], cifar.numpyBytes(2, Buffer.alloc(3072))))).toContain(
      'it holds a numpy array of type |u1 and shape [2,3072] in 3072 bytes',
    )
  })

  test('the name of what a pickle would call is told', async () => {
    expect(await open(cifar.pickle(cifar.call('os.system', cifar.string('true'))))).toContain(
      'is not a pickle of CIFAR-100 (it asks for os.system, which is not among what may be made here)',
    )
  })

  test.each([[-1], [3]])('label %i is refused', async (label) => {
    expect(await open(cifar.cifarPickle([0, label]))).toContain('"fine_labels" is not as in CIFAR-100')
  })

  test('any bytes end in one line', async () => {
    const instruction = fc.constantFrom(
      ...Buffer.from('(N]})aesutqrhjcRbUTXJKM\x80\x85\x86\x87\x88\x8a\x94\x93', 'latin1'),
    )
    const program = fc.array(
      fc.oneof({ weight: 4, arbitrary: instruction }, fc.integer({ min: 0, max: 255 })),
    )
    const files = cifar.cifarPythonFiles()
    await fc.assert(
      fc.asyncProperty(program, async (bytes) => {
        const root = await folderOf({ ...files, train: Buffer.from([0x80, 2, ...bytes, 0x2e]) })
        expect(await messageOf(openDataset({ root }))).not.toContain('\n')
      }),
      { numRuns: 200 },
    )
  })
})
