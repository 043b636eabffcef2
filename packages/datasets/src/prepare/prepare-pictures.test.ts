import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { openDataset, prepareDataset, readSplitFile } from '../index.js'
import * as cifar from '../layouts/cifar-files.test.helper.js'
import {
  classFiles,
  type Files,
  folderOf,
  picture,
  tarOf,
  temporaryFile,
  temporaryFolder,
  zipOf,
} from '../make-files.test.helper.js'
import { matCells, matFile, matNumber, matStructs, matText } from './mat-file.test.helper.js'
import { contentOf, expectSamePixels, opened, prepared, refusal, tgzOf } from './prepare.test.helper.js'

const under = (folder: string, files: Files): Files =>
  Object.fromEntries(Object.entries(files).map(([path, content]) => [`${folder}/${path}`, content]))

describe('miniImageNet', () => {
  const classes = { train: 'n01532829', val: 'n01855672', test: 'n01930112' }

  test('from split folders in a zip: every file as it is', async () => {
    const files = await classFiles(Object.entries(classes).map((parts) => parts.join('/')))
    const source = await temporaryFile('mini.zip', await zipOf(under('mini', files)))
    const { folder, card, pictures } = await prepared({ name: 'mini-imagenet', from: source })
    const content = await contentOf(folder)
    for (const [path, bytes] of Object.entries(files))
      expect(content.get(path)!.equals(bytes as Buffer)).toBe(true)
    expect(content.size).toBe(pictures + 2)
    expect(JSON.parse(content.get('dataset.json')!.toString())).toEqual(card)
    expect(card).toMatchObject({
      name: 'mini-imagenet',
      split: 'mini-imagenet',
      sources: [{ file: 'mini.zip' }],
    })
    expect(card.differences![0]).toBe('train has 1 class instead of 64 (no "n01558993" and 62 more)')
  })

  test('from CSV tables beside images.tar, and from archives of one split each', async () => {
    const tables: Files = {}
    const images: Files = {}
    const ofSplit: Files = {}
    for (const [index, [split, name]] of Object.entries(classes).entries()) {
      images[`images/${name}01.jpg`] = await picture(index)
      tables[`${split}.csv`] = `filename,label\n${name}01.jpg,${name}\n`
      ofSplit[`${split}.tar`] = await tarOf({ [`${name}/${name}01.jpg`]: images[`images/${name}01.jpg`]! })
    }
    const from = await folderOf({ ...tables, 'images.tar': await tarOf(images) })
    const { folder, card } = await prepared({ name: 'mini-imagenet', from })
    expect(card.sources.map(({ file }) => file)).toEqual(['images.tar', 'test.csv', 'train.csv', 'val.csv'])
    expect(await opened(folder)).toEqual({
      train: { n01532829: ['train/n01532829/n0153282901.jpg'] },
      val: { n01855672: ['val/n01855672/n0185567201.jpg'] },
      test: { n01930112: ['test/n01930112/n0193011201.jpg'] },
    })
    const other = await prepared({ name: 'mini-imagenet', from: await folderOf(ofSplit) })
    expect(other.card.splits).toEqual(card.splits)
  })
})

describe.each([
  ['binary', cifar.cifarBinaryFiles],
  ['python', cifar.cifarPythonFiles],
])('CIFAR-100, %s archive', (release, filesOf) => {
  test.each(['cifar-fs', 'fc100'])('as %s: PNG files of the same pixels', async (name) => {
    const from = await temporaryFile(
      `cifar-100-${release}.tar.gz`,
      await tgzOf(under('cifar-100', filesOf())),
    )
    const { folder, card } = await prepared({ name, from })
    const split = await temporaryFile('split.yaml', 'train: [apple, aquarium_fish, baby]')
    await expectSamePixels(
      await openDataset({ root: folder, split }),
      await openDataset({ root: from, split }),
    )
    const dataset = await openDataset({ root: folder })
    for (const { name: ofSplit, hash } of Object.values(dataset.splits))
      expect(card.splits[ofSplit]!.hash).toBe(hash)
    expect(dataset.splits['train']!.classes[0]!.images.map(({ id }) => id)).toEqual([
      'train/apple/test_00002.png',
      'train/apple/train_00001.png',
      'train/apple/train_00003.png',
    ])
    await dataset.close()
  })
})

test('CUB-200-2011 as published is complete, whichever its split', async () => {
  const byte = await picture(1, 1, 1)
  const names = Object.values((await readSplitFile('cub-frn')).classes).flat()
  const files: Files = { 'CUB_200_2011/classes.txt': '', 'CUB_200_2011/segmentations/1/a.png': byte }
  for (let index = 0; index < 11_788; index++)
    files[`CUB_200_2011/images/${names[index % 200]}/${index}.jpg`] = byte
  const from = await folderOf({
    'CUB_200_2011.tgz': await tgzOf(files),
    'segmentations.tgz': 'not looked at',
  })
  const to = join(await temporaryFolder(), 'cub')
  const { card } = await prepareDataset({ name: 'cub', from, to, split: 'cub-closerlook' })
  expect(card.differences).toBeUndefined()
  expect(card.split).toBe('cub-closerlook')
  expect(Object.values(card.splits).map(({ classes }) => classes)).toEqual([100, 50, 50])
  const albatross = '001.Black_footed_Albatross'
  expect(await readFile(join(to, 'train', albatross, `${names.indexOf(albatross)}.jpg`))).toEqual(byte)
})

test('Stanford Dogs: images.tar among other archives', async () => {
  const dogs = ['n02085620-Chihuahua', 'n02085782-Japanese_spaniel']
  const from = await folderOf({
    'images.tar': await tarOf(under('Images', await classFiles(dogs))),
    'annotation.tar': 'not looked at',
    'lists.tar': 'not looked at',
  })
  const split = await temporaryFile('dogs.yaml', `train: [${dogs[0]}]\ntest: [${dogs[1]}]`)
  const { folder, card } = await prepared({ name: 'stanford-dogs', from, split })
  expect(Object.keys((await opened(folder))['test']!)).toEqual([dogs[1]])
  expect(card.split).toBe('dogs.yaml')
  expect(card.differences).toEqual([
    'there are 2 classes instead of 120',
    'there are 6 images instead of 20580',
  ])
  expect(card.sources.map(({ file }) => file)).toEqual(['images.tar'])
})

describe('Stanford Cars', () => {
  const names = ['AM General Hummer SUV 2000', 'Ram C/V Cargo Van Minivan 2012']
  const classNames = matCells(names.map(matText))
  const split = () =>
    temporaryFile('cars.yaml', `train: [${names[0]}]\ntest: [Ram C-V Cargo Van Minivan 2012]`)
  const annotated = (field: string, rows: [string, number][], also = {}) =>
    matFile({
      annotations: matStructs(
        rows.map(([path, number]) => ({ [field]: matText(path), class: matNumber(number) })),
      ),
      ...also,
    })

  test('the first release', async () => {
    const from = await folderOf({
      'car_ims.tgz': await tgzOf({
        'car_ims/000001.jpg': await picture(1),
        'car_ims/000002.jpg': await picture(2),
      }),
      'cars_annos.mat': annotated(
        'relative_im_path',
        [
          ['car_ims/000001.jpg', 2],
          ['car_ims/000002.jpg', 1],
        ],
        { class_names: classNames },
      ),
    })
    const { folder, card } = await prepared({ name: 'stanford-cars', from, split: await split() })
    expect(await opened(folder)).toEqual({
      train: { [names[0]!]: [`train/${names[0]}/000002.jpg`] },
      test: { 'Ram C-V Cargo Van Minivan 2012': ['test/Ram C-V Cargo Van Minivan 2012/000001.jpg'] },
    })
    expect(card.sources.map(({ file }) => file)).toEqual(['car_ims.tgz', 'cars_annos.mat'])
    expect((await contentOf(folder)).get(`train/${names[0]}/000002.jpg`)).toEqual(await picture(2))
  })

  const second = async (): Promise<Files> => ({
    'cars_train.tgz': await tgzOf({
      'cars_train/00001.jpg': await picture(1),
      'cars_train/00002.jpg': await picture(2),
    }),
    'cars_test.tgz': await tgzOf({ 'cars_test/00001.jpg': await picture(3) }),
    'car_devkit.tgz': await tgzOf({
      'devkit/cars_meta.mat': matFile({ class_names: classNames }),
      'devkit/cars_train_annos.mat': annotated('fname', [
        ['00001.jpg', 1],
        ['00002.jpg', 2],
      ]),
      'devkit/cars_test_annos.mat': matFile({ annotations: matStructs([{ fname: matText('00001.jpg') }]) }),
    }),
    'cars_test_annos_withlabels.mat': annotated('fname', [['00001.jpg', 1]]),
  })

  test('the second release', async () => {
    const { folder } = await prepared({
      name: 'stanford-cars',
      from: await folderOf(await second()),
      split: await split(),
    })
    const content = await contentOf(folder)
    expect(content.get(`train/${names[0]}/cars_test_00001.jpg`)).toEqual(await picture(3))
    expect(content.get(`train/${names[0]}/cars_train_00001.jpg`)).toEqual(await picture(1))
    expect(content.get('test/Ram C-V Cargo Van Minivan 2012/00002.jpg')).toEqual(await picture(2))
  })

  test.each([
    [
      { 'cars_test_annos_withlabels.mat': '' },
      /is no table of Stanford Cars \(it is no MAT-file of version 5 or 7\)/,
    ],
    [
      { 'cars_test_annos_withlabels.mat': annotated('fname', [['00009.jpg', 1]]) },
      /picture "00009.jpg" is not in/,
    ],
    [{ 'cars_test_annos_withlabels.mat': annotated('fname', [['00001.jpg', 3]]) }, /has class 3 of 2/],
  ])('with a table that is not right', async (files, message) => {
    const from = await folderOf({ ...(await second()), ...files })
    expect(await refusal({ name: 'stanford-cars', from, split: await split() })).toMatch(message)
  })

  test('class folders that are divided otherwise', async () => {
    const from = await folderOf({
      [`train/${names[0]}/1.jpg`]: await picture(1),
      [`test/${names[0]}/1.jpg`]: await picture(2),
    })
    const { folder } = await prepared({ name: 'stanford-cars', from, split: await split() })
    expect(await opened(folder)).toEqual({
      train: { [names[0]!]: [`train/${names[0]}/test_1.jpg`, `train/${names[0]}/train_1.jpg`] },
    })
  })
})

describe('Omniglot', () => {
  const background = 'images_background/Alphabet_of_the_Magi/character01'
  const evaluation = 'images_evaluation/Gurmukhi/character42'

  test('from two zips keeps its folders and has four classes a character', async () => {
    const files = await classFiles([background, evaluation])
    const parts = (['images_background', 'images_evaluation'] as const).map((part) =>
      Object.fromEntries(Object.entries(files).filter(([path]) => path.startsWith(part))),
    )
    const from = await folderOf({
      'images_background.zip': await zipOf(parts[0]!),
      'images_evaluation.zip': await zipOf(parts[1]!),
      'images_background_small1.zip': 'not looked at',
      'strokes_background.zip': 'not looked at',
    })
    const { folder, card } = await prepared({ name: 'omniglot', from })
    const content = await contentOf(folder)
    for (const [path, bytes] of Object.entries(files)) expect(content.get(path)).toEqual(bytes)
    expect(card.splits).toMatchObject({ train: { classes: 4, images: 12 }, test: { classes: 4, images: 12 } })
    const one = await temporaryFile('omniglot.zip', await zipOf(under('omniglot', files)))
    expect((await prepared({ name: 'omniglot', from: one })).card.splits).toEqual(card.splits)
  })

  test('a folder with something else', async () => {
    const from = await folderOf(await classFiles(['a']))
    expect(await refusal({ name: 'omniglot', from })).toContain(
      `${from}: holds neither images_background nor images_evaluation`,
    )
  })
})

test('any other name: class folders and a split file; loose pictures are summed up', async () => {
  const from = await folderOf(await classFiles(['bird/owl', 'cat', 'not in the split']))
  const split = await temporaryFile('own.yaml', 'train: [bird/owl]\ntest: [cat]')
  const { folder, card } = await prepared({ name: 'pets', from, split, incomplete: false })
  expect(card).toMatchObject({ name: 'pets', sources: [], pictures: { files: 6 }, split: 'own.yaml' })
  await expectSamePixels(await openDataset({ root: folder }), await openDataset({ root: from, split }))
  const packed = await temporaryFile(
    'pets.tar.gz',
    gzipSync(await tarOf(await classFiles(['bird/owl', 'cat']))),
  )
  expect((await prepared({ name: 'pets', from: packed, split })).card.splits).toEqual(card.splits)
  const to = `${await temporaryFolder()}/again`
  await prepareDataset({ name: 'pets', from, to, split })
  expect(await contentOf(to)).toEqual(await contentOf(folder))
})
