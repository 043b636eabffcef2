import { link, mkdir, symlink, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { InputError } from '@m2l/engine'
import { beforeAll, describe, expect, it } from 'vitest'
import { temporaryFolder } from './patterns.test.helper.js'
import { queryPictures } from './query-pictures.js'

const labels = new Set(['006', '007', 'A', 'birds/owl'])
let folder: string
beforeAll(async () => {
  folder = await temporaryFolder()
  for (const file of ['006/1.jpg', '006/2.jpg', '007/1.jpg', 'stranger/1.jpg', 'loose.jpg']) {
    await write(`photos/${file}`)
  }
})

async function write(file: string, content = '') {
  await mkdir(dirname(join(folder, file)), { recursive: true })
  await writeFile(join(folder, file), content)
}

/** Files below the folder with their classes, as the paths say; `photos` or `folder/photos`. */
async function classesOf(...paths: string[]) {
  const { pictures, close } = await queryPictures(
    paths.map((path) => (path.startsWith('/') || path.startsWith('.') ? path : join(folder, path))),
    labels,
  )
  await close()
  return Object.fromEntries(pictures.map(({ file, truth }) => [relative(folder, file), truth]))
}

const notesOf = async (...paths: string[]) => {
  const { notes, placeNotes, close } = await queryPictures(
    paths.map((path) => join(folder, path)),
    labels,
  )
  await close()
  return [...notes, ...placeNotes].join('\n')
}

const all = {
  'photos/006/1.jpg': '006',
  'photos/006/2.jpg': '006',
  'photos/007/1.jpg': '007',
  'photos/stranger/1.jpg': null,
  'photos/loose.jpg': undefined,
}

describe('the class of a picture by its place', () => {
  it.each([
    [['photos']],
    [['photos/']],
    [['photos/.']],
    [['photos/../photos']],
    [['photos/006', 'photos/007', 'photos/loose.jpg', 'photos/stranger']],
    [Object.keys(all)],
    [['photos/006/1.jpg', 'photos/006', 'photos/007/1.jpg', 'photos/stranger', 'photos/loose.jpg']],
    [['photos', 'photos/006', 'photos/./007/1.jpg']],
  ])('is the same by %j', async (paths) => {
    expect(await classesOf(...paths)).toEqual(all)
  })

  it('is the same by paths from elsewhere and by links', async () => {
    const before = process.cwd()
    process.chdir(join(folder, 'photos/007'))
    try {
      expect(await classesOf('..')).toEqual(all)
      expect(await classesOf('.')).toEqual({ 'photos/007/1.jpg': '007' })
      expect(await classesOf('./1.jpg', '../006')).toMatchObject({ 'photos/006/2.jpg': '006' })
    } finally {
      process.chdir(before)
    }
    await symlink('photos', join(folder, 'latest'))
    await symlink('photos/006', join(folder, 'sixes'))
    await symlink('photos/007/1.jpg', join(folder, 'seven.jpg'))
    expect(await classesOf('latest')).toMatchObject({
      'latest/006/1.jpg': '006',
      'latest/stranger/1.jpg': null,
    })
    expect(await classesOf('sixes', 'seven.jpg')).toEqual({
      'sixes/1.jpg': '006',
      'sixes/2.jpg': '006',
      'seven.jpg': '007',
    })
    expect(await classesOf('latest', 'photos', 'sixes/2.jpg')).toHaveProperty('latest/loose.jpg')
    expect(Object.keys(await classesOf('latest', 'photos', 'sixes/2.jpg'))).toHaveLength(5)
  })

  it('is a folder that is called so, not one of which a part is', async () => {
    for (const file of [
      'x/A/1.jpg',
      'x/AA/1.jpg',
      'x/a/1.jpg',
      'x/A /1.jpg',
      'x/owl/1.jpg',
      'x/birds/owl/1.jpg',
    ]) {
      await write(file)
    }
    expect(await classesOf('x')).toEqual({
      'x/A/1.jpg': 'A',
      'x/AA/1.jpg': null,
      'x/a/1.jpg': null,
      'x/A /1.jpg': null,
      'x/owl/1.jpg': null,
      'x/birds/owl/1.jpg': 'birds/owl',
    })
    await write('y/A/day/1.jpg')
    expect(await classesOf('y')).toEqual({ 'y/A/day/1.jpg': 'A' })
    expect(await notesOf('y')).toBe(
      "1 picture lies in a folder within a class's and counts as of the class (day in A (1))",
    )
  })

  it('is the whole label of a table', async () => {
    for (const name of ['1', '2', '3', '4']) await write(`t/${name}.jpg`)
    await write('t/list.csv', 'filename,label\n1.jpg,A\n2.jpg,N/A\n3.jpg,birds/owl\n4.jpg,a\n')
    const { pictures, otherLabels } = await queryPictures([join(folder, 't/list.csv')], labels)
    expect(pictures.map(({ truth }) => truth)).toEqual(['A', null, 'birds/owl', null])
    expect(otherLabels).toEqual({ 'N/A': 1, a: 1 })
    expect(await classesOf('t/list.csv', 't/1.jpg', 't/2.jpg')).toMatchObject({
      't/1.jpg': 'A',
      't/2.jpg': null,
    })
  })

  it('is not known where folders and labels contradict each other', async () => {
    await write('photos.csv', 'filename,label\nphotos/006/1.jpg,007\n')
    expect(await classesOf('photos/006/1.jpg', 'photos.csv')).toEqual({ 'photos/006/1.jpg': undefined })
    expect(await notesOf('photos/006/1.jpg', 'photos.csv')).toMatch(
      /1 picture was given more than once; each file counts once\n.*006\/1\.jpg is given as 006 and as 007, so its class is not known/,
    )
  })
})

describe('what a person is told', () => {
  it('are pictures that were given twice, by whatever names', async () => {
    expect(await notesOf('photos', 'photos/../photos')).toMatch(
      /^5 pictures were given more than once; each file counts once$/m,
    )
    await mkdir(join(folder, 'hard'))
    await link(join(folder, 'photos/006/1.jpg'), join(folder, 'hard/other name.jpg'))
    expect(await notesOf('hard', 'photos/006')).toMatch(/^1 picture was given more than once/)
    expect(await notesOf('photos/006')).toBe('')
  })

  it('are pictures whose class is not known, and that none is', async () => {
    expect(await notesOf('photos')).toBe(
      'the class of 1 picture is not known: its folder does not have the name of a class; accuracy leaves it out',
    )
    expect(await notesOf('photos/stranger')).toBe(
      'accuracy is not measured: no folder of the pictures and no label has the name of a class (006, 007, A, …)',
    )
  })

  it('is a place that does not exist, and that others are not held open', async () => {
    await expect(queryPictures([join(folder, 'photos'), join(folder, 'none')], labels)).rejects.toThrow(
      InputError,
    )
    await mkdir(join(folder, 'void'))
    await expect(queryPictures([join(folder, 'void')], labels)).rejects.toThrow(
      /void: no pictures to classify/,
    )
  })
})
