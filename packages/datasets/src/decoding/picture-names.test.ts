import { join } from 'node:path'
import { expect, test } from 'vitest'
import { decodePictureFile, openDataset, type OpenDatasetOptions } from '../index.js'
import { cifarBinaryFiles } from '../layouts/cifar-files.test.helper.js'
import {
  classFiles,
  folderOf,
  tarOf,
  temporaryFile,
  temporaryFolder,
  zipOf,
} from '../make-files.test.helper.js'

/** What messages call the first picture of a data set. */
async function nameOfFirst(options: OpenDatasetOptions): Promise<string | undefined> {
  const dataset = await openDataset(options)
  const { name } = await dataset.read(dataset.splits.all!.classes[0]!.images[0]!)
  await dataset.close()
  return name
}

test('a decoded picture knows what messages call it', async () => {
  const files = await classFiles(['cat', 'dog'])
  const folder = await folderOf(files)
  expect((await decodePictureFile(join(folder, 'cat/0.png'))).name).toBe(join(folder, 'cat/0.png'))
  const zip = await temporaryFile('pets.zip', await zipOf(files))
  const tar = await temporaryFile('pets.tar', await tarOf(files))
  const cifar = await folderOf(cifarBinaryFiles())
  expect(await nameOfFirst({ root: cifar })).toBe(`${cifar}: test/00002`)
  const names = await Promise.all([folder, zip, tar].map((root) => nameOfFirst({ root })))
  expect(names).toEqual([join(folder, 'cat/0.png'), `${zip}: cat/0.png`, `${tar}: cat/0.png`])
  const pack = await temporaryFolder()
  for (const root of [folder, zip]) {
    const expected = await nameOfFirst({ root })
    expect(await nameOfFirst({ root, pack })).toBe(expected)
    expect(await nameOfFirst({ root, pack })).toBe(expected)
  }
})
