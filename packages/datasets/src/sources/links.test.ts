import { execFileSync } from 'node:child_process'
import { link, mkdir, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { checkDataset, listImages, openDataset, prepareDataset, type OpenDatasetOptions } from '../index.js'
import { classFiles, folderOf, picture, temporaryFile, temporaryFolder } from '../make-files.test.helper.js'

let root: string
beforeEach(async () => {
  root = await folderOf(await classFiles(['cat', 'dog'], 3))
})

/** How many pictures each class has, and what was left out. */
async function found(options: Partial<OpenDatasetOptions> = {}) {
  const dataset = await openDataset({ root, ...options })
  await dataset.close()
  const counts = Object.values(dataset.splits).flatMap(({ classes }) =>
    classes.map(({ name, images }): [string, number] => [name, images.length]),
  )
  const list = await listImages(root)
  await list.close()
  return {
    classes: Object.fromEntries(counts),
    leftOut: dataset.leftOut.map(({ reason, entries }) => [reason, entries]),
    listed: list.images.length,
    examples: dataset.leftOut.flatMap(({ examples }) => examples),
  }
}

const catsAndDogs = { cat: 3, dog: 3 }

test.each([
  ['the folder itself', 'latest', '.'],
  ['the folder itself, by its whole path', 'latest', ''],
  ['the folder above', 'up', '..'],
  ['the top of the disk', 'top', '/'],
  ['the class that it lies in', 'cat/again', '.'],
  ['the folder, from a class', 'cat/again', '..'],
])('a link to %s is not followed', async (_, name, target) => {
  await symlink(target === '' ? root : target, join(root, name))
  expect(await found()).toEqual({
    classes: catsAndDogs,
    leftOut: [['link-back', 1]],
    listed: 6,
    examples: [name],
  })
})

test('links that lead round in circles end', async () => {
  await mkdir(join(root, 'a'))
  await mkdir(join(root, 'b'))
  await symlink('../b', join(root, 'a/to'))
  await symlink('../a', join(root, 'b/to'))
  await symlink('self', join(root, 'self'))
  const { listed } = await found({ split: { source: 'mine', classes: { train: ['cat'], test: ['dog'] } } })
  expect(listed).toBe(6)
})

test('many links from each class to each other take no time and add nothing', async () => {
  const names = Array.from({ length: 12 }, (_, index) => `class ${String(index).padStart(2, '0')}`)
  root = await folderOf(await classFiles(names, 1))
  for (const from of names) for (const to of names) await symlink(`../${to}`, join(root, from, `like ${to}`))
  const { classes, listed } = await found()
  expect(classes).toEqual(Object.fromEntries(names.map((name) => [name, 1])))
  expect(listed).toBe(12)
})

test('a class under two names counts under its own, and it is told', async () => {
  await symlink('cat', join(root, 'kitty'))
  await writeFile(join(root, 'cat/.hidden'), '')
  await symlink('none', join(root, 'cat/broken.png'))
  await symlink('../cat/1.png', join(root, 'dog/cat.png'))
  await symlink('1.png', join(root, 'dog/copy.png'))
  await link(join(root, 'dog/2.png'), join(root, 'dog/hard.png'))
  expect(await found()).toEqual({
    classes: catsAndDogs,
    leftOut: [
      ['leftover', 1],
      ['link-to-nothing', 1],
      ['same-file', 2],
      ['same-file-other-class', 4],
    ],
    listed: 6,
    examples: [
      '.hidden',
      'cat/broken.png',
      'dog/hard.png is dog/2.png',
      'dog/copy.png is dog/1.png',
      'dog/cat.png is cat/1.png',
      'kitty/0.png is cat/0.png',
      'kitty/1.png is cat/1.png',
    ],
  })
})

test('links out of the folder to data elsewhere are followed, each real file once', async () => {
  const elsewhere = await folderOf({
    ...(await classFiles(['fox', 'owl'], 2)),
    'single.png': await picture(9),
  })
  await symlink(join(elsewhere, 'fox'), join(root, 'fox'))
  await symlink(join(elsewhere, 'fox'), join(root, 'vulpes'))
  await symlink(join(elsewhere, 'single.png'), join(root, 'dog/single.png'))
  expect(await found()).toMatchObject({
    classes: { cat: 3, dog: 4, fox: 2 },
    leftOut: [['same-file-other-class', 2]],
    listed: 9,
  })
})

test('splits made of links to a folder beside them are read', async () => {
  for (const split of ['train', 'test']) await mkdir(join(root, split))
  await symlink('../cat', join(root, 'train/cat'))
  await mkdir(join(root, 'test/dog'))
  for (const name of ['0.png', '1.png']) await symlink(`../../dog/${name}`, join(root, 'test/dog', name))
  expect((await found({ layout: 'split-folders' })).classes).toEqual({ cat: 3, dog: 2 })
})

test('only classes that a split file names take part', async () => {
  await symlink('cat', join(root, 'kitty'))
  const split = await temporaryFile('s.yaml', 'train: [kitty]\ntest: [dog]\n')
  expect((await found({ split })).classes).toEqual({ kitty: 3, dog: 3 })
})

test('links to nothing, pipes, sockets and devices are told; folders are no pictures', async () => {
  await symlink('none.png', join(root, 'cat/broken.png'))
  await symlink('loop.png', join(root, 'cat/loop.png'))
  await symlink('/dev/zero', join(root, 'dog/zero.png'))
  execFileSync('mkfifo', [join(root, 'dog/pipe.png')])
  await mkdir(join(root, 'dog/folder.png'))
  await mkdir(join(root, 'dog/a.zip'))
  const server = createServer()
  await new Promise<void>((done) => server.listen(join(root, 'cat/socket.png'), done))
  const dataset = await listImages(root)
  expect(dataset.images.length).toBe(6)
  expect(dataset.leftOut).toEqual([
    { reason: 'special', entries: 3, examples: expect.arrayContaining(['dog/pipe.png', 'dog/zero.png']) },
    { reason: 'link-to-nothing', entries: 2, examples: ['cat/broken.png', 'cat/loop.png'] },
  ])
  await new Promise((done) => server.close(done))
})

test('a check and a preparation count as a data set does', async () => {
  await symlink('cat', join(root, 'kitty'))
  await symlink('.', join(root, 'latest'))
  const check = await checkDataset({ root })
  expect([check.images, check.duplicates.exact.length]).toEqual([6, 0])
  expect(check.leftOut.map(({ reason, entries }) => [reason, entries])).toEqual([
    ['link-back', 1],
    ['same-file-other-class', 3],
  ])
  const split = await temporaryFile('s.yaml', 'train: [cat]\ntest: [dog]\n')
  const to = join(await temporaryFolder(), 'to')
  const prepared = await prepareDataset({ name: 'pets', from: root, to, split })
  expect([prepared.pictures, prepared.leftOut.length]).toEqual([6, 1])
})
