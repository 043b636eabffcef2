import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { openDataset, type OpenDatasetOptions } from '../index.js'
import {
  classFiles,
  type Files,
  folderOf,
  messageOf,
  picture,
  tarOf,
  temporaryFile,
  zipOf,
} from '../make-files.test.helper.js'

/** Class names with their numbers of pictures, by split; and the notes without the path of the source. */
async function found(options: OpenDatasetOptions) {
  const dataset = await openDataset(options)
  await dataset.close()
  const splits = Object.fromEntries(
    Object.entries(dataset.splits).map(([split, { classes }]) => [
      split,
      Object.fromEntries(classes.map(({ name, images }) => [name, images.length])),
    ]),
  )
  return { splits, notes: dataset.notes.map((note) => note.replace(options.root, 'ROOT')) }
}

async function below(folders: Record<string, readonly string[]>): Promise<Files> {
  const files: Files = {}
  for (const [folder, classes] of Object.entries(folders))
    for (const [path, content] of Object.entries(await classFiles(classes, 2)))
      files[`${folder}/${path}`] = content
  return files
}

const expected = { train: { lily: 2, lotus: 2 }, val: { rose: 2 }, test: { tulip: 2 } }

describe('split folders by other names', () => {
  test.each([
    ['train', 'val', 'test'],
    ['train', 'valid', 'test'],
    ['Train', 'Validation', 'Test'],
    ['TRAIN', 'VAL', 'TEST'],
    ['training', 'dev', 'testing'],
    ['train_set', 'valid_set', 'test_set'],
    ['Training Images', 'Validation Images', 'Test Images'],
    ['images/train', 'images/val', 'images/test'],
    ['mydata/train', 'mydata/valid', 'mydata/test'],
    ['test/mydata/train', 'test/mydata/val', 'test/mydata/test'],
    ['train/images', 'valid/images', 'test/images'],
    ['train2017', 'val2017', 'test2017'],
    ['01_train', '02_val', '03_test'],
    ['flowers_train', 'flowers_valid', 'flowers_test'],
    ['base', 'val', 'novel'],
  ])('%s, %s, %s', async (train, val, tested) => {
    const files = await below({ [train]: ['lily', 'lotus'], [val]: ['rose'], [tested]: ['tulip'] })
    for (const root of [
      await folderOf(files),
      await temporaryFile('a.zip', await zipOf(files)),
      await temporaryFile('a.tgz', gzipSync(await tarOf(files))),
    ])
      expect(await found({ root, only: ['train', 'val', 'test'] })).toEqual({ splits: expected, notes: [] })
  })

  test('one split alone', async () => {
    for (const folder of ['train', 'one/train', 'one/Training', 'one/train/images']) {
      const root = await folderOf(await below({ [folder]: ['lily', 'lotus'] }))
      expect(await found({ root, only: ['train'] })).toEqual({
        splits: { train: { lily: 2, lotus: 2 } },
        notes: [],
      })
    }
  })

  test('a split file mixes them', async () => {
    const root = await folderOf(await below({ Training: ['lily', 'lotus'], Testing: ['lily'] }))
    const split = await temporaryFile('s.yaml', 'train: [lotus]\ntest: [lily]')
    expect((await found({ root, split })).splits).toEqual({ train: { lotus: 2 }, test: { lily: 4 } })
  })

  test('two of one meaning are refused by name', async () => {
    const message = async (...folders: string[]) =>
      messageOf(
        openDataset({
          root: await folderOf(await below(Object.fromEntries(folders.map((name) => [name, ['a']])))),
        }),
      )
    expect(await message('train', 'val', 'valid')).toContain(
      'folders "val" and "valid" both mean the split val',
    )
    expect(await message('train', 'Train')).toContain('folders "Train" and "train" both mean the split train')
    expect(await message('train', 'test', 'testing')).toContain('"test" and "testing" both mean')
  })
})

describe('what lies beside split folders', () => {
  test('is passed over and told', async () => {
    const root = await folderOf({
      ...(await below({ train: ['lily'], test: ['rose'], extra: ['x', 'y'] })),
      'val/1.png': await picture(1),
      'docs/figure.png': await picture(2),
    })
    expect(await found({ root })).toEqual({
      splits: { train: { lily: 2 }, test: { rose: 2 } },
      notes: [
        'ROOT: passed over 1 picture in folder "val", since it holds no folders of classes',
        'ROOT: passed over 1 picture in folder "docs", since it is named like no split',
        'ROOT: passed over 4 pictures in folder "extra", since it is named like no split',
      ],
    })
    expect(await messageOf(openDataset({ root, only: ['val'] }))).toContain(
      'has no split "val", only train, test (it also holds "docs", "extra"); "val" holds none of it: expected a folder for each class there',
    )
  })

  test('a single one among other folders may be a class, so that it is refused', async () => {
    const root = await folderOf(await below({ train: ['steam', 'diesel'], road: ['bus'] }))
    expect(await messageOf(openDataset({ root }))).toContain(
      `${root}: folder "train" is named like a split, but "road" beside it is not; move it elsewhere, or rename the one if it is a class`,
    )
    expect((await found({ root, layout: 'class-folders' })).splits).toEqual({
      all: { 'road/bus': 2, 'train/diesel': 2, 'train/steam': 2 },
    })
    expect((await found({ root, layout: 'split-folders' })).splits).toEqual({
      train: { diesel: 2, steam: 2 },
    })
  })

  test('in class folders they are no classes', async () => {
    const root = await folderOf(await below({ lily: ['train', 'test'], rose: ['train', 'test'] }))
    expect(await messageOf(openDataset({ root }))).toContain(
      'split folders such as "test" lie in class folders such as "lily"; put class folders into folders train, val and test',
    )
  })

  test('splits that hold pictures and no class folders are refused', async () => {
    const root = await folderOf({ 'train/1.png': await picture(1), 'test/1.png': await picture(2) })
    expect(await messageOf(openDataset({ root }))).toContain(
      'are named like splits and hold pictures, but no folders of classes',
    )
  })
})

describe('a missing split', () => {
  test('says what was seen', async () => {
    const near = await folderOf(await below({ train: ['a'], vaild: ['b'], test: ['c'] }))
    expect(await messageOf(openDataset({ root: near, only: ['train', 'val'] }))).toBe(
      `${near}: has no split "val", only train, test (it also holds "vaild"); if "vaild" is meant, rename it`,
    )
    const plain = await folderOf(await below({ a: ['lily', 'lotus'] }))
    expect(await messageOf(openDataset({ root: plain, only: ['train'] }))).toBe(
      `${plain}: has no split "train": its 2 classes lie in no folders called train, val and test ("lily", "lotus"); put its classes into a folder train, or name a split file`,
    )
  })
})

test('as class folders they are put together, without their names', async () => {
  const root = await folderOf(await below({ train: ['lily', 'lotus'], Valid: ['lily'], test: ['rose'] }))
  expect(await found({ root, layout: 'class-folders' })).toEqual({
    splits: { all: { lily: 4, lotus: 2, rose: 2 } },
    notes: ['ROOT: the classes of its folders Valid, test, train are put together'],
  })
  const unlabelled = await folderOf({
    ...(await below({ train: ['lily', 'lotus'] })),
    'test/1.png': await picture(1),
  })
  expect(await found({ root: unlabelled, layout: 'class-folders' })).toEqual({
    splits: { all: { lily: 2, lotus: 2 } },
    notes: ['ROOT: passed over 1 picture in folder "test", since it holds no folders of classes'],
  })
})
