import { rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { type Dataset, openDataset, type OpenDatasetOptions, prepareDataset } from './index.js'
import type { RgbImage } from '@m2l/pictures'
import {
  classFiles,
  type Files,
  folderOf,
  messageOf,
  picture,
  pixelsOf,
  tarOf,
  temporaryFile,
  temporaryFolder,
  zipOf,
} from './make-files.test.helper.js'

let animals: Files
beforeAll(async () => {
  animals = await classFiles(['dog', 'cat', 'été', 'two words', '日本 🐈'])
})

async function withDataset<Result>(
  options: OpenDatasetOptions,
  use: (dataset: Dataset) => Result | Promise<Result>,
): Promise<Result> {
  const dataset = await openDataset(options)
  try {
    return await use(dataset)
  } finally {
    await dataset.close()
  }
}

const outline = ({ splits }: Dataset): Record<string, Record<string, string[]>> =>
  Object.fromEntries(
    Object.entries(splits).map(([split, { classes }]) => [
      split,
      Object.fromEntries(classes.map(({ name, images }) => [name, images.map(({ id }) => id)])),
    ]),
  )

const prefixed = (prefix: string, files: Files): Files =>
  Object.fromEntries(Object.entries(files).map(([path, content]) => [`${prefix}${path}`, content]))

const sources: [string, (files: Files) => Promise<string>][] = [
  ['folder', folderOf],
  ['folder in a folder', (files) => folderOf(prefixed('a/b/', files))],
  ['packed zip', async (files) => temporaryFile('a.zip', await zipOf(files))],
  ['stored zip', async (files) => temporaryFile('a.zip', await zipOf(files, false))],
  ['zip named .tar', async (files) => temporaryFile('a.tar', await zipOf(files))],
  ['zip of one folder', async (files) => temporaryFile('a.zip', await zipOf(prefixed('data set/', files)))],
  ['tar', async (files) => temporaryFile('a.tar', await tarOf(files))],
  ['tar of the current folder', async (files) => temporaryFile('a.tar', await tarOf(prefixed('./', files)))],
  [
    'tar with long names',
    async (files) => temporaryFile('a.tar', await tarOf(prefixed(`${'x'.repeat(200)}/`, files))),
  ],
  ['tar.gz', async (files) => temporaryFile('a.tar.gz', gzipSync(await tarOf(files)))],
]

describe.each(sources)('a %s', (_, sourceOf) => {
  test('has the same classes, images, hash and pixels as any other', async () => {
    await withDataset({ root: await sourceOf(animals) }, async (dataset) => {
      expect(outline(dataset)).toEqual({
        all: {
          cat: ['cat/0.png', 'cat/1.png', 'cat/2.png'],
          dog: ['dog/0.png', 'dog/1.png', 'dog/2.png'],
          'two words': ['two words/0.png', 'two words/1.png', 'two words/2.png'],
          été: ['été/0.png', 'été/1.png', 'été/2.png'],
          '日本 🐈': ['日本 🐈/0.png', '日本 🐈/1.png', '日本 🐈/2.png'],
        },
      })
      expect(Object.keys(outline(dataset)['all']!)).toEqual(['cat', 'dog', 'two words', 'été', '日本 🐈'])
      expect(dataset.splits['all']!.hash).toBe(
        '0976888fb5e972da87e05248a3a353773b23cf5052b0b2139b0c7126c417caa8',
      )
      const [cat, dog] = dataset.splits['all']!.classes
      const images = await dataset.readMany([...cat!.images, ...dog!.images])
      expect(images.map(({ data }) => data)).toEqual([3, 4, 5, 0, 1, 2].map((seed) => pixelsOf(seed)))
    })
  })

  test('with split folders', async () => {
    const files = {
      ...prefixed('train/', await classFiles(['a', 'b'], 2)),
      ...prefixed('test/', await classFiles(['c'], 1)),
    }
    await withDataset({ root: await sourceOf(files) }, (dataset) => {
      expect(outline(dataset)).toEqual({
        train: { a: ['train/a/0.png', 'train/a/1.png'], b: ['train/b/0.png', 'train/b/1.png'] },
        test: { c: ['test/c/0.png'] },
      })
    })
  })
})

test('the order in which files are made or packed changes nothing', async () => {
  const names = Object.keys(animals)
  const hash = (root: string): Promise<string> => withDataset({ root }, ({ splits }) => splits['all']!.hash)
  const expected = await hash(await folderOf(animals))
  await fc.assert(
    fc.asyncProperty(fc.shuffledSubarray(names, { minLength: names.length }), async (order) => {
      const files = Object.fromEntries(order.map((name) => [name, animals[name]!]))
      for (const [, sourceOf] of sources) expect(await hash(await sourceOf(files))).toBe(expected)
    }),
    { numRuns: 4 },
  )
})

describe('names', () => {
  test('decomposed letters are composed, so that ids are the same on every file system', async () => {
    const files = await classFiles(['e\u0301te\u0301', 'b'], 1)
    const split = await temporaryFile('s.yaml', 'test: ["\u00e9te\u0301"]')
    for (const root of [await folderOf(files), await temporaryFile('a.zip', await zipOf(files))]) {
      await withDataset({ root, split }, async (dataset) => {
        expect(outline(dataset)).toEqual({ test: { '\u00e9t\u00e9': ['\u00e9t\u00e9/0.png'] } })
        await dataset.readMany(dataset.splits['test']!.classes[0]!.images)
      })
    }
  })

  test('what systems leave behind and what is no picture is passed over', async () => {
    const files = {
      ...(await classFiles(['cat', 'dog'], 1)),
      '.DS_Store': 'x',
      'cat/.DS_Store': 'x',
      'cat/._0.png': 'x',
      'cat/Thumbs.db': 'x',
      'cat/notes.txt': 'x',
      'cat/png': 'x',
      'README.md': 'x',
      '__MACOSX/cat/._0.png': 'x',
      '__MACOSX/cat/0.png': 'x',
      '.git/a/0.png': 'x',
    }
    for (const root of [await folderOf(files), await temporaryFile('a.zip', await zipOf(files))]) {
      await withDataset({ root }, (dataset) =>
        expect(outline(dataset)).toEqual({ all: { cat: ['cat/0.png'], dog: ['dog/0.png'] } }),
      )
    }
  })

  test('upper-case extensions count', async () => {
    const root = await folderOf({ 'cat/A.PNG': await picture(1), 'cat/B.JpEg': await picture(2) })
    await withDataset({ root }, async (dataset) => {
      const images = await dataset.readMany(dataset.splits['all']!.classes[0]!.images)
      expect(images.map(({ data }) => data[0])).toEqual([1, 2])
    })
  })

  test('the data set is named by its source or its opener', async () => {
    const root = await temporaryFile('my.animals.tar.gz', gzipSync(await tarOf(animals)))
    await withDataset({ root }, ({ name }) => expect(name).toBe('my.animals'))
    await withDataset({ root, name: 'pets' }, ({ name }) => expect(name).toBe('pets'))
  })

  test('a class may be named like a split', async () => {
    const root = await folderOf(await classFiles(['train', 'bus'], 1))
    await withDataset({ root }, (dataset) =>
      expect(outline(dataset)).toEqual({ all: { bus: ['bus/0.png'], train: ['train/0.png'] } }),
    )
  })

  test('links are followed, in circles only so far', async () => {
    const real = await folderOf(await classFiles(['cat'], 1))
    const root = await folderOf(await classFiles(['dog'], 1))
    await symlink(join(real, 'cat'), join(root, 'cat'))
    await withDataset({ root }, (dataset) =>
      expect(Object.keys(outline(dataset)['all']!)).toEqual(['cat', 'dog']),
    )
    await symlink(root, join(root, 'dog', 'circle'))
    await withDataset({ root }, (dataset) => expect(outline(dataset)['all']).toHaveProperty('dog'))
  })
})

describe('split folders', () => {
  test('a class in two of them is refused without a split file, and mixed with one', async () => {
    const root = await folderOf({
      ...prefixed('train/', await classFiles(['apple', 'bus'], 1)),
      ...prefixed('test/', await classFiles(['bus', 'apple'], 1)),
    })
    expect(await messageOf(openDataset({ root }))).toBe(
      `${root}: class "apple" is in train and in test; splits must share no class: name a split file to mix and divide them`,
    )
    const split = await temporaryFile('s.yaml', 'train: [bus]\nval: [apple]\n')
    await withDataset({ root, split }, (dataset) =>
      expect(outline(dataset)).toEqual({
        train: { bus: ['test/bus/0.png', 'train/bus/0.png'] },
        val: { apple: ['test/apple/0.png', 'train/apple/0.png'] },
      }),
    )
  })

  test('only the asked ones must be there and complete', async () => {
    const root = await folderOf({ ...prefixed('train/', await classFiles(['a'], 1)), 'val/b/': '' })
    await withDataset({ root, only: ['train'] }, ({ splits }) =>
      expect(Object.keys(splits)).toEqual(['train']),
    )
    expect(await messageOf(openDataset({ root }))).toBe(
      `${root}: class "b" holds no images; add some or remove the folder`,
    )
    expect(await messageOf(openDataset({ root, only: ['test'] }))).toBe(
      `${root}: has no split "test", only train, val; put its classes into a folder test, or name a split file`,
    )
  })

  test('folders beside them are passed over when the layout is named', async () => {
    const root = await folderOf({
      ...prefixed('train/', await classFiles(['a'], 1)),
      ...prefixed('unlabelled/', await classFiles(['b'], 1)),
    })
    await withDataset({ root, layout: 'split-folders' }, (dataset) =>
      expect(outline(dataset)).toEqual({ train: { a: ['train/a/0.png'] } }),
    )
  })
})

describe('tables of file names and labels', () => {
  const files = async (): Promise<Files> => ({
    'images/n1_1.png': await picture(1),
    'images/n1_2.png': await picture(2),
    'images/n2 1.png': await picture(3),
    'images/spare.png': await picture(4),
    'train.csv': 'filename,label\nn1_2.png,n1\nn1_1.png,n1\n',
    'test.csv': '\ufefffilename,label\r\n"n2 1.png",n2\r\n\r\n',
  })

  test.each(sources)('in a %s', async (_, sourceOf) => {
    await withDataset({ root: await sourceOf(await files()) }, async (dataset) => {
      expect(outline(dataset)).toEqual({
        train: { n1: ['images/n1_1.png', 'images/n1_2.png'] },
        test: { n2: ['images/n2 1.png'] },
      })
      const [image] = await dataset.readMany(dataset.splits['test']!.classes[0]!.images)
      expect(image!.data).toEqual(pixelsOf(3))
    })
  })

  test.each([
    ['filename,label\nn1_1.png,n1\nabsent.png,n1\n', 'line 3: picture "absent.png" is not in'],
    ['filename,label\n../train.csv,n1\n', 'line 2: picture "../train.csv" is not in'],
    ['filename,label\nn1_1.png,n1\nn1_1.png,n2\n', 'line 3: picture "n1_1.png" is listed twice'],
    ['filename,label\nn1_1.png,\n', 'line 2: needs a value under both "filename" and "label"'],
    ['filename,label\nn1_1.png,n1,x\n', 'line 2: has 3 values where line 1 has 2'],
    ['filename,label\n"n1_1.png,n1\n', 'is no table of "filename,label"'],
  ])('%j is refused', async (table, reason) => {
    const root = await folderOf({ ...(await files()), 'train.csv': table })
    expect(await messageOf(openDataset({ root }))).toContain(`${join(root, 'train.csv')}`)
    expect(await messageOf(openDataset({ root }))).toContain(reason)
    await withDataset({ root, only: ['test'] }, ({ splits }) => expect(Object.keys(splits)).toEqual(['test']))
  })
})

describe('Omniglot', () => {
  const files = async (): Promise<Files> => ({
    ...prefixed('images_background/Latin/', await classFiles(['character01', 'character02'], 2)),
    ...prefixed('images_evaluation/Futurama/', await classFiles(['character07'], 1)),
  })

  test.each(sources)('in a %s has four classes a character', async (_, sourceOf) => {
    await withDataset({ root: await sourceOf(await files()) }, (dataset) => {
      expect(outline(dataset)['test']).toEqual({
        'Futurama/character07/rot000': ['images_evaluation/Futurama/character07/0.png'],
        'Futurama/character07/rot090': ['images_evaluation/Futurama/character07/0.png'],
        'Futurama/character07/rot180': ['images_evaluation/Futurama/character07/0.png'],
        'Futurama/character07/rot270': ['images_evaluation/Futurama/character07/0.png'],
      })
      expect(dataset.splits['train']!.classes.length).toBe(8)
    })
  })

  test('pictures are turned counter-clockwise', async () => {
    const split = await temporaryFile('s.yaml', 'val: [Futurama/character07]\n')
    await withDataset({ root: await folderOf(await files()), split }, async ({ splits, readMany }) => {
      const classes = splits['val']!.classes
      expect(classes.map(({ images }) => images[0]!.rotation)).toEqual([0, 90, 180, 270])
      const turned = await readMany(classes.map(({ images }) => images[0]!))
      const greens = turned.map(({ width, height, data }) =>
        Array.from({ length: height }, (_, row) =>
          Array.from({ length: width }, (__, column) => data[3 * (row * width + column) + 1]!),
        ),
      )
      expect(greens[0]).toEqual([0, 5, 10, 15].map((first) => [0, 1, 2, 3, 4].map((step) => first + step)))
      expect(greens[1]).toEqual([4, 3, 2, 1, 0].map((first) => [0, 5, 10, 15].map((step) => first + step)))
      expect(greens[2]).toEqual([19, 14, 9, 4].map((first) => [0, 1, 2, 3, 4].map((step) => first - step)))
      expect(greens[3]).toEqual(
        [15, 16, 17, 18, 19].map((first) => [0, 5, 10, 15].map((step) => first - step)),
      )
    })
  })

  test('one half alone is recognised', async () => {
    const root = await folderOf(prefixed('images_background/Latin/', await classFiles(['character01'], 1)))
    await withDataset({ root }, ({ splits }) => expect(splits['train']!.classes.length).toBe(4))
  })
})

describe('splits by file', () => {
  test('keep the order of the file, and need only what is asked', async () => {
    const split = await temporaryFile('s.yaml', 'train: [dog, cat]\ntest: [two words, absent]\n')
    const root = await folderOf(animals)
    await withDataset({ root, split, only: ['train'] }, ({ splits }) => {
      expect(Object.keys(splits)).toEqual(['train'])
      expect(splits['train']!.classes.map(({ name }) => name)).toEqual(['dog', 'cat'])
    })
    expect(await messageOf(openDataset({ root, split, only: ['val'] }))).toBe(
      `${split}: has no split "val", only train, test; ask for one of these`,
    )
  })

  test('a missing class is named, with a near name', async () => {
    const root = await folderOf(animals)
    const split = await temporaryFile('s.yaml', 'train: [cat, Dgo, hippopotamus]\n')
    expect(await messageOf(openDataset({ root, split }))).toBe(
      `${split}: class "Dgo" and 1 more of train is not in ${root}; did you mean "dog"?`,
    )
    expect(await messageOf(openDataset({ root, split: 'cifar-fs' }))).toBe(
      `cifar-fs: class "dolphin" and 63 more of train is not in ${root}; it has for example "cat"`,
    )
  })

  test('a class folder without pictures is named', async () => {
    const root = await folderOf({ ...animals, 'empty/': '', 'text/a.txt': 'x' })
    const split = await temporaryFile('s.yaml', 'train: [cat, empty]\n')
    expect(await messageOf(openDataset({ root, split }))).toContain(`${root}: class "empty" holds no images`)
    expect(await messageOf(openDataset({ root }))).toContain(`${root}: class "empty", "text" holds no images`)
  })

  test('may be given as a value', async () => {
    const split = { source: 'mine', classes: { val: ['dog'] } }
    await withDataset({ root: await folderOf(animals), split }, (dataset) =>
      expect(Object.keys(outline(dataset)['val']!)).toEqual(['dog']),
    )
  })
})

describe('bad sources', () => {
  test.each([
    ['an absent path', async () => join(await temporaryFolder(), 'absent'), 'does not exist; check the path'],
    ['an empty folder', () => temporaryFolder(), 'holds no images (.apng .avif .gif'],
    [
      'a text file',
      () => temporaryFile('a.zip', 'hello'),
      'is neither a folder nor a zip, tar or tar.gz archive',
    ],
    [
      'an empty file',
      () => temporaryFile('a.tar', ''),
      'is neither a folder nor a zip, tar or tar.gz archive',
    ],
    ['a gzip file of no tar', () => temporaryFile('a.gz', gzipSync('hello')), 'is neither a folder nor'],
    [
      'an archive without pictures',
      async () => temporaryFile('a.zip', await zipOf({ 'a/b.txt': 'x' })),
      'holds no images',
    ],
  ])('%s', async (_, rootOf, reason) => {
    const root = await rootOf()
    const message = await messageOf(openDataset({ root }))
    expect(message).toContain(`${root}: ${reason}`)
    expect(message).not.toContain('\n')
  })

  test('a path that cannot be read', async () => {
    const root = join(await temporaryFolder(), 'circle')
    await symlink(root, root)
    expect(await messageOf(openDataset({ root }))).toBe(
      `${root}: cannot be read (ELOOP); check the path and its permissions`,
    )
  })

  test('a picture outside any class folder', async () => {
    const root = await folderOf({ ...animals, 'stray.png': await picture(1) })
    expect(await messageOf(openDataset({ root }))).toContain(
      `${join(root, 'stray.png')}: lies outside any class folder`,
    )
  })

  test('options that make no sense', async () => {
    const root = await folderOf(animals)
    expect(await messageOf(openDataset({ root, layout: 'split-folder' as 'split-folders' }))).toContain(
      'layout "split-folder" does not exist; did you mean "split-folders"?',
    )
    expect(await messageOf(openDataset({ root, layout: 'omniglot' }))).toContain(
      `${root}: has no folders of this layout`,
    )
    expect(await messageOf(openDataset({ root, layout: 'csv' }))).toContain(`${root}: holds no train.csv`)
    for (const cacheBytes of [-1, 0.5, Number.NaN]) {
      expect(await messageOf(openDataset({ root, cacheBytes }))).toContain(
        `cacheBytes is ${cacheBytes}; give`,
      )
    }
  })
})

describe('bad archives', () => {
  /** By how much the checksum's own digits exceed the spaces that they count as. */
  const checksumBytes = (header: Buffer): number =>
    header.subarray(148, 156).reduce((sum, byte) => sum + byte - 0x20, 0)

  const renamed = (archive: Buffer, from: string, to: string): Buffer => {
    expect(to.length).toBe(from.length)
    return Buffer.from(archive.toString('latin1').replaceAll(from, to), 'latin1')
  }

  test.each(['../evil.png', '/abs/evil.png', 'a/../../x.png', 'c:/x/evil.png'])(
    '%s is refused',
    async (name) => {
      const stand = 'q'.repeat(name.length)
      const zip = await temporaryFile(
        'a.zip',
        renamed(await zipOf({ ...animals, [stand]: 'x' }), stand, name),
      )
      expect(await messageOf(openDataset({ root: zip }))).toContain(name)
      const tar = await temporaryFile('a.tar', await tarOf({ ...animals, [name]: 'x' }))
      expect(await messageOf(openDataset({ root: tar }))).toContain(name)
    },
  )

  test('a bomb is refused before it is unpacked', async () => {
    const zeros = Buffer.alloc(100 << 20)
    const before = process.memoryUsage().rss
    const zip = await temporaryFile('a.zip', await zipOf({ 'cat/1.png': zeros }))
    const dataset = await openDataset({ root: zip })
    const [first] = dataset.splits.all!.classes[0]!.images
    expect(await messageOf(dataset.read(first!))).toMatch(
      /cat\/1\.png: would unpack to 104857600 bytes from \d+, as no honest file does; do not use this archive/,
    )
    await dataset.close()
    const gzip = await temporaryFile('a.tar.gz', gzipSync(zeros))
    expect(await messageOf(openDataset({ root: gzip }))).toBe(
      `${gzip}: unpacks to more than a hundred times its size, as no honest archive does; do not use this file`,
    )
    const to = join(await temporaryFolder(), 'to')
    const preparing = prepareDataset({ name: 'fc100', from: gzip, to })
    expect(await messageOf(preparing)).toContain('unpacks to more than a hundred times its size')
    expect(process.memoryUsage().rss - before).toBeLessThan(2 ** 28)
  })

  /** A small tar.gz of class folders, and a byte that does not belong to it. */
  const withBytesAfter =
    'H4sIAAAAAAAAAytOLdFPzCvRN9QryEtnoA0wMDAwMDMxwSoOAoaGxgqo4qbmJsYMCgalxSWJRQwGBjRy1yhgYOgM8HPn5ZLiYmBg' +
    '4PX0cAliYGBgY2BgYOVgYmBgeGnFtZGBgUHI08UxpIIxOeEIA4+EUk8KNyODoBBDdGBozmyQEZ6ufi7rnBKaBtoro4AMUAzN/0aD' +
    'Lf+bjOZ/egCS8v8hUP73AeV/xaMMW/X4DfgYRvP/0Aag/J+Umjro6n/D0fxPF0BS/j8Gyv9nQPnfqIKR/02x426G0fw/CkbBKBgF' +
    'QxMAACeUxK0AEAAAAA=='

  test('a gzip file with other bytes after its end is read as any other', async () => {
    const gzip = await temporaryFile('a.tar.gz', Buffer.from(withBytesAfter, 'base64'))
    const dataset = await openDataset({ root: gzip })
    expect(dataset.splits.all!.classes.length).toBeGreaterThan(0)
    await dataset.close()
  })

  test('a name that comes twice in a zip is refused; in a tar the later entry counts, and it is told', async () => {
    const two = { 'cat/a.png': await picture(1), 'cat/b.png': await picture(2) }
    const zip = await temporaryFile('a.zip', renamed(await zipOf(two), 'cat/b.png', 'cat/a.png'))
    expect(await messageOf(openDataset({ root: zip }))).toBe(`${zip}: holds "cat/a.png" twice; pack it again`)
    const later = { ...two, 'cat/b.png': await picture(3) }
    const tar = await temporaryFile('a.tar', await tarOf([...Object.entries(two), ...Object.entries(later)]))
    await withDataset({ root: tar }, async ({ splits, leftOut, readMany }) => {
      const images = await readMany(splits['all']!.classes[0]!.images)
      expect(images.map(({ data }) => data[0])).toEqual([1, 3])
      expect(leftOut).toEqual([{ reason: 'replaced', entries: 2, examples: ['cat/a.png', 'cat/b.png'] }])
    })
  })

  test.each([
    ['zip', (files: Files) => zipOf(files)],
    ['tar', (files: Files) => tarOf(files)],
    ['tar.gz', async (files: Files) => gzipSync(await tarOf(files))],
  ])('a cut off %s is refused in one line', async (type, pack) => {
    const whole = await pack(animals)
    // A tar archive ends with two empty blocks, of which one is enough.
    const end = type === 'tar' ? whole.length - 512 : whole.length
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: end - 1 }), async (length) => {
        const root = await temporaryFile(`a.${type}`, whole.subarray(0, length))
        const message = await messageOf(openDataset({ root }))
        expect(message).toContain(root)
        expect(message).not.toContain('\n')
      }),
      { numRuns: 25 },
    )
  })

  test.each([
    ['packed', true],
    ['stored', false],
  ])('a damaged picture in a %s zip is named', async (_, compress) => {
    const zip = await zipOf(animals, compress)
    zip[zip.indexOf('cat/1.png') + 'cat/1.png'.length + 30]! ^= 0xff
    const root = await temporaryFile('a.zip', zip)
    await withDataset({ root }, async (dataset) => {
      const [cat, dog] = dataset.splits['all']!.classes
      expect(await messageOf(dataset.readMany(cat!.images))).toBe(
        `${root}: cat/1.png: is damaged inside the archive; fetch or pack the archive again`,
      )
      expect((await dataset.read(dog!.images[0]!)).data).toEqual(pixelsOf(0))
    })
  })

  test('a cut off long name of a tar archive is refused', async () => {
    const tar = await tarOf(prefixed(`${'x'.repeat(200)}/`, animals))
    tar.write('999 path', tar.indexOf(' path=') - 3, 'latin1')
    const root = await temporaryFile('a.tar', tar)
    expect(await messageOf(openDataset({ root }))).toContain(`${root}: is a damaged or cut off tar archive`)
  })

  test("GNU tar's long names are read", async () => {
    const name = `cat/${'long '.repeat(40)}.png`
    // What GNU tar writes is an entry of type L with the name, made here from a plain entry of that content.
    const tar = await tarOf([
      ['././@LongLink', `${name}\0`],
      [name.slice(0, 99), await picture(8)],
    ])
    tar[156] = 'L'.charCodeAt(0)
    tar.write(
      (tar.subarray(0, 512).reduce((sum, byte) => sum + byte, 0) - checksumBytes(tar))
        .toString(8)
        .padStart(6, '0'),
      148,
      'latin1',
    )
    await withDataset({ root: await temporaryFile('a.tar', tar) }, async ({ splits, read }) => {
      const [image] = splits['all']!.classes[0]!.images
      expect(image!.id).toBe(name)
      expect((await read(image!)).data).toEqual(pixelsOf(8))
    })
  })

  test('a damaged header of a tar archive is refused', async () => {
    const tar = await tarOf(animals)
    tar[tar.indexOf('cat/1.png')]! ^= 1
    const root = await temporaryFile('a.tar', tar)
    expect(await messageOf(openDataset({ root }))).toContain(`${root}: is a damaged or cut off tar archive`)
  })
})

describe('reading', () => {
  test('a bad picture is named, and others are still read', async () => {
    const files = { ...animals, 'cat/1.png': 'some text', 'dog/1.png': '' }
    const root = await folderOf(files)
    await withDataset({ root }, async ({ splits, read, readMany }) => {
      const [cat, dog] = splits['all']!.classes
      expect(await messageOf(readMany(cat!.images))).toContain(
        `${join(root, 'cat', '1.png')}: is not a picture`,
      )
      expect(await messageOf(read(dog!.images[1]!))).toContain(
        `${join(root, 'dog', '1.png')}: is empty (0 bytes)`,
      )
      expect((await read(cat!.images[0]!)).data).toEqual(pixelsOf(3))
    })
  })

  test('pictures are kept in memory as far as asked', async () => {
    const root = await folderOf(animals)
    const oneImage = 5 * 4 * 3 + 256
    for (const [cacheBytes, kept] of [
      [undefined, 3],
      [2 * oneImage, 2],
      [0, 0],
    ] as const) {
      await withDataset(
        { root, ...(cacheBytes !== undefined && { cacheBytes }) },
        async ({ splits, read }) => {
          const images = splits['all']!.classes[0]!.images
          const first: RgbImage[] = []
          for (const image of images) first.push(await read(image))
          const again: RgbImage[] = []
          for (const image of images.toReversed()) again.unshift(await read(image))
          expect(again).toEqual(first)
          expect(again.filter((image, index) => image === first[index]).length).toBe(kept)
        },
      )
    }
  })

  test('two readers of one picture share its decoding', async () => {
    await withDataset({ root: await folderOf(animals), cacheBytes: 0 }, async ({ splits, readMany }) => {
      const image = splits['all']!.classes[0]!.images[0]!
      const [one, two] = await readMany([image, image])
      expect(one).toBe(two)
    })
  })

  test('a picture removed meanwhile is named', async () => {
    const root = await folderOf(animals)
    await withDataset({ root }, async ({ splits, read }) => {
      await rm(join(root, 'cat', '2.png'))
      expect(await messageOf(read(splits['all']!.classes[0]!.images[2]!))).toBe(
        `${join(root, 'cat', '2.png')}: does not exist; check the path and its permissions`,
      )
    })
  })

  test('a picture may be written anew between two openings', async () => {
    const root = await folderOf(animals)
    const first = (): Promise<number> =>
      withDataset(
        { root },
        async ({ splits, read }) => (await read(splits['all']!.classes[0]!.images[0]!)).data[0]!,
      )
    expect(await first()).toBe(3)
    await writeFile(join(root, 'cat', '0.png'), await picture(77))
    expect(await first()).toBe(77)
  })

  test('a closed data set reads no more', async () => {
    const dataset = await openDataset({
      root: await temporaryFile('a.zip', await zipOf(animals)),
      name: 'pets',
    })
    const image = dataset.splits['all']!.classes[0]!.images[0]!
    await dataset.read(image)
    await dataset.close()
    await dataset.close()
    await expect(dataset.read(image)).rejects.toThrow('data set pets is closed')
  })
})
