import { describe, expect, test } from 'vitest'
import { openDataset } from '../index.js'
import { call, dict, int, list, numpyArray, pickle, string } from '../layouts/cifar-files.test.helper.js'
import { folderOf, picture, pixelsOf, temporaryFile, zipOf } from '../make-files.test.helper.js'
import { contentOf, opened, prepared, refusal, tgzOf } from './prepare.test.helper.js'

/**
 * Pixels of pictures that all differ, one after the other; 20 x 21, and so long enough to be left in the
 * file.
 */
const [width, height] = [20, 21]
const pixels = (seeds: readonly number[]): Buffer =>
  Buffer.concat(seeds.map((seed) => pixelsOf(seed, width, height)))
const images = (seeds: readonly number[]): Buffer =>
  numpyArray([seeds.length, height, width, 3], pixels(seeds))
const ints = (values: readonly number[]): Buffer => list(values.map(int))

/** The seeds of the pictures of every class: the red of all their pixels. */
async function seedsOf(root: string): Promise<Record<string, Record<string, number[]>>> {
  const dataset = await openDataset({ root })
  const seeds: Record<string, Record<string, number[]>> = {}
  for (const split of Object.values(dataset.splits)) {
    seeds[split.name] = {}
    for (const ofClass of split.classes) {
      const found = await dataset.readMany(ofClass.images)
      for (const image of found)
        expect(image).toMatchObject({ width, height, data: pixelsOf(image.data[0]!, width, height) })
      seeds[split.name]![ofClass.name] = found.map(({ data }) => data[0]!)
    }
  }
  await dataset.close()
  return seeds
}

describe('miniImageNet', () => {
  const cache = (classes: Record<string, number[]>, seeds: number[]): Buffer =>
    pickle(
      dict([
        ['image_data', images(seeds)],
        ['class_dict', dict(Object.entries(classes).map(([name, of]) => [name, ints(of)]))],
      ]),
    )
  const caches = {
    'mini-imagenet-cache-train.pkl': cache({ n01532829: [1, 2], n01558993: [0] }, [10, 11, 12]),
    'mini-imagenet-cache-val.pkl': cache({ n01855672: [0] }, [20]),
    'mini-imagenet-cache-test.pkl': cache({ n01930112: [0] }, [30]),
  }
  const expected = {
    train: { n01532829: [11, 12], n01558993: [10] },
    val: { n01855672: [20] },
    test: { n01930112: [30] },
  }

  test('from its caches, loose and packed', async () => {
    const { folder, card } = await prepared({ name: 'mini-imagenet', from: await folderOf(caches) })
    expect(await seedsOf(folder)).toEqual(expected)
    expect(card.split).toBe('mini-imagenet')
    expect(card.sources.map(({ file }) => file)).toEqual(Object.keys(caches).toSorted())
    const packed = await temporaryFile('mini-imagenet.tar.gz', await tgzOf(caches))
    expect((await prepared({ name: 'mini-imagenet', from: packed })).card.splits).toEqual(card.splits)
  })

  test('from pickles of the category split, as one array or a list of arrays', async () => {
    const category = (names: Record<string, number>, labels: number[], data: Buffer): Buffer =>
      pickle(
        dict([
          ['data', data],
          ['labels', ints(labels)],
          ['catname2label', dict(Object.entries(names).map(([name, label]) => [name, int(label)]))],
        ]),
      )
    const separate = list([11, 12].map((seed) => numpyArray([height, width, 3], pixels([seed]))))
    const from = await folderOf({
      'miniImageNet_category_split_train_phase_train.pickle': category({ n01532829: 0 }, [0, 0], separate),
      'miniImageNet_category_split_train_phase_val.pickle': 'not looked at',
      'miniImageNet_category_split_val.pickle': category({ n01855672: 64 }, [64], images([20])),
      'miniImageNet_category_split_test.pickle': category({ n01930112: 80 }, [80], images([30])),
    })
    const { folder } = await prepared({ name: 'mini-imagenet', from })
    expect(await seedsOf(folder)).toEqual({ ...expected, train: { n01532829: [11, 12] } })
  })

  test.each([
    ['cut off', caches['mini-imagenet-cache-val.pkl'].subarray(0, -40), /cannot be read as a pickle/],
    [
      'that calls a function',
      pickle(call('os.system', string('true'))),
      /cannot be read as a pickle \(.*os\.system/,
    ],
    ['without a dict', pickle(int(1)), /holds no dict/],
    ['without pixels', pickle(dict([['image_data', ints([1])]])), /"image_data" is no array of pictures/],
    ['with a stray picture', cache({ n01855672: [1] }, [20]), /not numbers of its 1 picture/],
    ['with a class that leads out', cache({ '../../../n01': [0] }, [20]), /no portable name of a file/],
  ])('a cache %s is refused', async (_, bytes, message) => {
    const from = await folderOf({ ...caches, 'mini-imagenet-cache-val.pkl': bytes })
    const line = await refusal({ name: 'mini-imagenet', from, incomplete: true })
    expect(line).toMatch(message)
    expect(line).not.toContain('\n')
  })
})

describe('FC100 and CIFAR-FS', () => {
  const labelled = (labels: readonly number[], seeds: readonly number[]): Buffer =>
    pickle(
      dict([
        ['data', images(seeds)],
        ['labels', ints(labels)],
      ]),
    )

  test('labels of CIFAR-100 get the names of its classes', async () => {
    const from = await folderOf({
      'FC100_train.pickle': labelled([70, 0, 70], [1, 2, 3]),
      'FC100_test.pickle': labelled([2], [4]),
    })
    const { folder, card } = await prepared({ name: 'fc100', from })
    expect(await seedsOf(folder)).toEqual({ train: { apple: [2], rose: [1, 3] }, test: { baby: [4] } })
    expect(card.split).toBe('fc100')
  })

  test('other labels keep their numbers, and the pickles their splits', async () => {
    const from = await folderOf({
      'CIFAR_FS_train.pickle': labelled([0, 1], [1, 2]),
      'CIFAR_FS_val.pickle': labelled([2], [3]),
      'CIFAR_FS_test.pickle': labelled([99], [4]),
    })
    const { folder, card } = await prepared({ name: 'cifar-fs', from })
    expect(await opened(folder)).toMatchObject({ val: { val_002: ['val/val_002/0000000.png'] } })
    expect(card).toMatchObject({
      split: 'own',
      differences: expect.arrayContaining(['val has 1 class instead of 16']),
    })
  })
})

describe('tieredImageNet', () => {
  const labels = (words: string[], of: number[]): Buffer =>
    pickle(
      dict([
        [
          'label_specific',
          numpyArray([of.length], Buffer.from(new BigInt64Array(of.map(BigInt)).buffer), 'i8'),
        ],
        ['label_general', ints(of)],
        ['label_specific_str', list(words.map(string))],
        ['label_general_str', list([])],
      ]),
    )
  const files = {
    'train_labels.pkl': labels(['Yorkshire terrier', 'crane'], [1, 0, 1]),
    'val_labels.pkl': labels(['crane'], [0]),
    'test_labels.pkl': labels(['n03314780', 'face/off'], [0, 1]),
    'class_names.txt': 'Yorkshire terrier\ncrane\ncrane\n',
    'synsets.txt': 'n01530575\nn01532829\nn02099267\n',
  }
  const expected = {
    train: { n01530575: [2], n01532829: [1, 3] },
    val: { n02099267: [4] },
    test: { n03314780: [5], 'test_001 face-off': [6] },
  }

  test('from lists of PNG files: each as it is', async () => {
    const png = async (seeds: number[]): Promise<Buffer> => {
      const bytes = await Promise.all(seeds.map((seed) => picture(seed, width, height)))
      return pickle(list(bytes.map((one) => numpyArray([one.length, 1], one))))
    }
    const from = await folderOf({
      ...files,
      'train_images_png.pkl': await png([1, 2, 3]),
      'val_images_png.pkl': await png([4]),
      'test_images_png.pkl': await png([5, 6]),
    })
    const { folder, card } = await prepared({ name: 'tiered-imagenet', from })
    expect(await seedsOf(folder)).toEqual(expected)
    expect(card.pictures).toBeUndefined()
    expect(card.sources.map(({ file }) => file)).toContain('class_names.txt')
    const content = await contentOf(folder)
    expect(content.get('train/n01530575/0000001.png')).toEqual(await picture(2, width, height))
  })

  test('from npz files', async () => {
    const npz = (seeds: readonly number[]): Promise<Buffer> => {
      const header = `{'descr': '|u1', 'fortran_order': False, 'shape': (${seeds.length}, ${height}, ${width}, 3), }`
      const npy = [
        Buffer.from('\x93NUMPY\x01\0v\0', 'latin1'),
        Buffer.from(`${header.padEnd(117)}\n`),
        pixels(seeds),
      ]
      return zipOf({ 'images.npy': Buffer.concat(npy) }, false)
    }
    const from = await folderOf({
      ...files,
      'train_images.npz': await npz([1, 2, 3]),
      'val_images.npz': await npz([4]),
      'test_images.npz': await npz([5, 6]),
    })
    const { folder } = await prepared({ name: 'tiered-imagenet', from })
    expect(await seedsOf(folder)).toEqual(expected)
  })

  test('pictures without pixels, and labels that are no numbers, are refused', async () => {
    const npz = (shape: string, bytes: Buffer): Promise<Buffer> => {
      const header = `{'descr': '|u1', 'fortran_order': False, 'shape': (${shape}), }`
      const start = Buffer.from('\x93NUMPY\x01\0v\0', 'latin1')
      const npy = Buffer.concat([start, Buffer.from(`${header.padEnd(117)}\n`), bytes])
      return zipOf({ 'images.npy': npy }, false)
    }
    const flat = await folderOf({ ...files, 'train_images.npz': await npz('3, 0, 5, 3', Buffer.alloc(0)) })
    expect(await refusal({ name: 'tiered-imagenet', from: flat })).toMatch(
      /train_images\.npz: has no array "images" of pictures/,
    )
    const named = await folderOf({
      'train_labels.pkl': pickle(dict([['labels', numpyArray([1], Buffer.from('ab'), 'S2')]])),
      'train_images.npz': await npz('1, 1, 1, 3', Buffer.alloc(3)),
    })
    expect(await refusal({ name: 'tiered-imagenet', from: named })).toMatch(
      /train_labels\.pkl: its numpy array of type .*S2 is not one of numbers; fetch it again/,
    )
  })

  test('labels without pictures are refused', async () => {
    const from = await folderOf(files)
    expect(await refusal({ name: 'tiered-imagenet', from })).toMatch(
      /train_labels.pkl: has no train_images_png.pkl or train_images.npz beside it; add it/,
    )
  })
})
