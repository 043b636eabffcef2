import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { randomKey } from '@m2l/engine'
import fc from 'fast-check'
import { load } from 'js-yaml'
import sharp, { type Sharp } from 'sharp'
import { beforeAll, describe, expect, test } from 'vitest'
import { checkDataset, type DatasetCheck, openDataset, writeExclusionList } from '../index.js'
import { cifarBinaryFiles } from '../layouts/cifar-files.test.helper.js'
import {
  classFiles,
  type Files,
  folderOf,
  messageOf,
  picture,
  tarOf,
  temporaryFile,
  temporaryFolder,
  zipOf,
} from '../make-files.test.helper.js'

/** A picture unlike those of other seeds: blobs of colour, as large as asked. */
async function photo(seed: number, side = 64): Promise<Sharp> {
  const random = randomKey(seed).generator()
  const blobs = Array.from({ length: 7 }, (_, blob) => {
    const [x, y, hue] = [random.uniform(), random.uniform(), random.uniform()]
    return `<circle cx="${64 * x}" cy="${64 * y}" r="${8 + 3 * blob}" fill="hsl(${Math.round(360 * hue)}, 80%, ${25 + 8 * blob}%)" fill-opacity="0.8"/>`
  })
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64" width="${side}" height="${side}">
    <rect width="64" height="64" fill="hsl(${(seed * 67) % 360}, 50%, 60%)"/>${blobs.join('')}</svg>`
  return sharp(Buffer.from(svg)).flatten()
}

const png = async (seed: number, side?: number) => (await photo(seed, side)).png().toBuffer()

/** Pictures of `photos`: classes of six, and among them all that a check looks for. */
let photos: Files
beforeAll(async () => {
  photos = { 'empty/': '', '.DS_Store': 'left behind', 'IMG_1.HEIC': 'phone', 'notes.txt': 'words' }
  for (const [index, name] of ['кот 🐈', 'dog', 'two words'].entries()) {
    for (let image = 0; image < 6; image++) photos[`${name}/${image}.png`] = await png(10 * index + image)
  }
  photos['dog/copy.png'] = photos['dog/1.png']!
  photos['two words/copy of dog.png'] = photos['dog/2.png']!
  photos['кот 🐈/saved again.png'] = await (await photo(3)).png({ compressionLevel: 0 }).toBuffer()
  photos['кот 🐈/smaller.jpg'] = await (await photo(4, 48)).jpeg({ quality: 80 }).toBuffer()
  photos['dog/cut.png'] = (photos['dog/0.png'] as Buffer).subarray(0, 400)
  photos['dog/nothing.jpg'] = ''
  photos['dog/tiny.png'] = await png(90, 9)
  photos['dog/banner.png'] = await sharp(await png(91))
    .resize(200, 20, { fit: 'fill' })
    .toBuffer()
})

const ids = (images: readonly { readonly id: string }[]) => images.map(({ id }) => id)

function outline({ duplicates: { exact, near } }: DatasetCheck): unknown {
  return {
    exact: exact.map(({ match, reach, images }) => [match, reach, ...ids(images)]),
    near: near.map(({ reach, images }) => [reach, ...ids(images)]),
  }
}

const sources: [string, (files: Files) => Promise<string>][] = [
  ['folder', folderOf],
  ['zip', async (files) => temporaryFile('photos.zip', await zipOf(files))],
  ['tar', async (files) => temporaryFile('photos.tar', await tarOf(files))],
]

describe.each(sources)('a %s', (_, sourceOf) => {
  test('is told all that spoils it', async () => {
    const check = await checkDataset({ root: await sourceOf(photos) })
    expect(check.images).toBe(26)
    expect(outline(check)).toEqual({
      exact: [
        ['bytes', 'class', 'dog/1.png', 'dog/copy.png'],
        ['bytes', 'classes', 'dog/2.png', 'two words/copy of dog.png'],
        ['pixels', 'class', 'кот 🐈/3.png', 'кот 🐈/saved again.png'],
      ],
      near: [['class', 'кот 🐈/4.png', 'кот 🐈/smaller.jpg']],
    })
    expect(check.broken).toEqual([
      {
        id: 'dog/cut.png',
        class: 'dog',
        split: 'all',
        reason: expect.stringMatching(/^is cut off or damaged/),
      },
      { id: 'dog/nothing.jpg', class: 'dog', split: 'all', reason: 'is empty (0 bytes)' },
    ])
    expect(check.nearEmpty).toEqual([{ class: 'empty', split: 'all', images: 0, expected: 5 }])
    expect(check.oddSizes).toEqual([
      expect.objectContaining({ id: 'dog/banner.png', width: 200, height: 20, kind: 'elongated' }),
      expect.objectContaining({ id: 'dog/tiny.png', width: 9, height: 9, kind: 'tiny' }),
    ])
    expect(check.sizes.mostCommon).toEqual({ width: 64, height: 64, images: 21 })
    expect(check.splits).toEqual([
      expect.objectContaining({ classes: 4, images: 26, fewest: 0, median: 7.5, most: 11, imbalance: null }),
    ])
    expect(check.leakage).toEqual({ classes: [], exact: 0, near: 0 })
    expect(check.passedOver).toContainEqual({ extension: '.heic', files: 1, isPicture: true })
    expect(check.exclusions.map(({ id }) => id)).toEqual([
      'dog/cut.png',
      'dog/nothing.jpg',
      'dog/copy.png',
      'dog/2.png',
      'two words/copy of dog.png',
      'кот 🐈/saved again.png',
    ])
    expect(ids(check.suggestions)).toEqual(['кот 🐈/smaller.jpg'])
  })

  test('is clean without what the check proposes to leave out, and nothing in it is touched', async () => {
    const { 'empty/': _empty, ...files } = photos
    const root = await sourceOf(files)
    const before = await contents(root)
    const check = await checkDataset({ root })
    const list = join(await temporaryFolder(), 'list.yaml')
    await writeExclusionList(list, check)
    const again = await checkDataset({ root, exclude: list })
    expect(again).toMatchObject({ images: 20, broken: [], duplicates: { exact: [] }, exclusions: [] })
    const dataset = await openDataset({ root, exclude: list })
    const opened = dataset.splits['all']!.classes.flatMap(({ images }) => images)
    expect(opened).toHaveLength(20)
    for (const { id } of check.exclusions) expect(ids(opened)).not.toContain(id)
    await dataset.readMany(opened)
    await dataset.close()
    expect(await contents(root)).toEqual(before)
  })
})

async function contents(root: string): Promise<unknown> {
  const files = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => [])
  const paths = files.filter((file) => file.isFile()).map((file) => join(file.parentPath, file.name))
  return Promise.all((paths.length > 0 ? paths : [root]).map((path) => readFile(path, 'base64')))
}

describe('splits', () => {
  test('that share pictures or classes leak', async () => {
    const files: Files = {}
    for (const name of ['train/cat', 'train/dog', 'test/cat', 'test/fox']) {
      for (let image = 0; image < 5; image++)
        files[`${name}/${image}.png`] = await png(image + 31 * name.length)
    }
    files['train/cat/0.png'] = await png(500)
    for (let image = 0; image < 5; image++) files[`test/cat/${image}.png`] = await png(600 + image)
    files['test/cat/0.png'] = files['train/cat/0.png']!
    for (let image = 0; image < 5; image++) files[`train/dog/${image}.png`] = await png(700 + image)
    files['test/fox/1.png'] = files['train/dog/1.png']!
    files['test/fox/2.jpg'] = await (await photo(702, 90)).jpeg().toBuffer()
    const check = await checkDataset({ root: await folderOf(files) })
    expect(check.leakage).toEqual({
      classes: [{ class: 'cat', splits: ['train', 'test'] }],
      exact: 4,
      near: 2,
    })
    // Of the class that is in both, the copy that is measured on stays; which class a dog or fox is, nobody
    // knows.
    expect(ids(check.exclusions)).toEqual(['train/cat/0.png', 'train/dog/1.png', 'test/fox/1.png'])
    expect(ids(check.suggestions)).toEqual(['train/dog/2.png'])
  })

  test('of a file and of tables are checked like others', async () => {
    const root = await folderOf(await classFiles(['ant', 'bee', 'cow'], 5))
    const split = await temporaryFile('split.yaml', 'train: [ant]\ntest: [cow]\n')
    const check = await checkDataset({ root, split })
    expect(check.splits.map(({ split: name, images }) => [name, images])).toEqual([
      ['train', 5],
      ['test', 5],
    ])
    expect(check.classesOutside).toBe(1)
    const wrong = await temporaryFile('wrong.yaml', 'train: [aunt]\n')
    expect(await messageOf(checkDataset({ root, split: wrong }))).toMatch(
      /class "aunt" of train is not in .* "ant"/,
    )
    const tables: Files = {
      'train.csv': 'filename,label\na.png,ant\nb.png,ant\n',
      'test.csv': 'filename,label\nc.png,cow\n',
    }
    for (const [index, name] of ['a', 'b', 'c'].entries()) tables[`images/${name}.png`] = await picture(index)
    tables['images/b.png'] = tables['images/a.png']!
    const ofTables = await checkDataset({ root: await folderOf(tables) })
    expect(outline(ofTables)).toMatchObject({ exact: [['bytes', 'class', 'images/a.png', 'images/b.png']] })
    expect(ofTables.nearEmpty).toHaveLength(2)
  })

  test('of bare pixels have no files to compare', async () => {
    const check = await checkDataset({ root: await folderOf(cifarBinaryFiles()) })
    expect(outline(check)).toMatchObject({
      exact: [
        ['pixels', 'classes', 'test/00002', 'train/00002'],
        ['pixels', 'classes', 'train/00001', 'test/00001'],
        ['pixels', 'classes', 'test/00000', 'train/00000'],
      ],
    })
    expect(check.passedOver).toEqual([])
  })
})

describe('lists of pictures to leave out', () => {
  const check = (names: readonly string[]): DatasetCheck =>
    ({
      dataset: 'a\nb',
      images: names.length,
      exclusions: names.map((id) => ({ id, reason: 'has\na reason # of its own' })),
      suggestions: names.map((id) => ({ id, reason: 'looks like\u2028another' })),
    }) as unknown as DatasetCheck

  test('hold any name, and only what is certain', async () => {
    const file = join(await temporaryFolder(), 'list.yaml')
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ minLength: 1, unit: 'grapheme' }), { maxLength: 8 }),
        async (names) => {
          await writeExclusionList(file, check(names))
          expect(load(await readFile(file, 'utf8'))).toEqual({ exclude: names })
        },
      ),
      { numRuns: 50 },
    )
  })

  test('leave out classes that have nothing else, unless a split names them', async () => {
    const root = await folderOf(await classFiles(['ant', 'bee'], 2))
    const exclude = ['ant/0.png', 'ant/1.png', 'bee/0.png', 'gone/9.png']
    const dataset = await openDataset({ root, exclude })
    expect(dataset.splits['all']!.classes).toEqual([{ name: 'bee', images: [{ id: 'bee/1.png' }] }])
    await dataset.close()
    const split = await temporaryFile('split.yaml', 'train: [ant]\ntest: [bee]\n')
    expect(await messageOf(openDataset({ root, exclude, split }))).toMatch(/leaves no image of class "ant"/)
    expect(await messageOf(openDataset({ root, exclude: ['cow/0.png'] }))).toMatch(
      /exclude: none of its 1 picture, such as "cow\/0.png", is in/,
    )
  })

  test.each([
    ['exclude: a.png\n', 'exclude must be a list of names of pictures'],
    ['exclude: [1]\n', 'exclude[0] is 1, not a name; write names in quotes'],
    ['exclud: []\n', 'exclude must be a list'],
    ['- a.png\n', 'must be a list of names under "exclude"'],
    ['exclude: [\n', 'is not YAML'],
  ])('%j is refused', async (text, message) => {
    const file = await temporaryFile('list.yaml', text)
    const root = await folderOf(await classFiles(['ant'], 1))
    expect(await messageOf(openDataset({ root, exclude: file }))).toContain(`${file}: ${message}`)
  })
})

test('a check ends when it is told to, tells how far it is, and refuses what it cannot do', async () => {
  const root = await folderOf(await classFiles(['ant', 'bee'], 3))
  const counts: number[] = []
  await checkDataset({ root, onProgress: (done, total) => counts.push(done, total) })
  expect(counts).toEqual([0, 6, 6, 6])
  await expect(checkDataset({ root, signal: AbortSignal.abort() })).rejects.toThrow(/aborted/)
  expect(await messageOf(checkDataset({ root, distance: 12 }))).toBe(
    'distance is 12; expected a whole number from 0 to 11',
  )
  expect(await messageOf(checkDataset({ root: join(root, 'none') }))).toMatch(/does not exist/)
  await writeFile(
    join(root, 'ant/even.png'),
    await sharp({ create: { width: 32, height: 32, channels: 3, background: 'red' } })
      .png()
      .toBuffer(),
  )
  await writeFile(
    join(root, 'bee/even.png'),
    await sharp({ create: { width: 33, height: 32, channels: 3, background: 'red' } })
      .png()
      .toBuffer(),
  )
  const check = await checkDataset({ root })
  expect(check.duplicates.near.flatMap(({ images }) => ids(images))).not.toContain('ant/even.png')
})
