import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { expect, test } from 'vitest'
import { checkDataset, decodePictureFile, openDataset } from '../index.js'
import { folderOf, messageOf, picture, tarOf, temporaryFile, zipOf } from '../make-files.test.helper.js'

/** Begins as a HEIC picture does. */
const heic = Buffer.concat([
  Buffer.from([0, 0, 0, 20]),
  Buffer.from('ftypheic\0\0\0\0mif1'),
  Buffer.alloc(64, 1),
])

test('a file in a foreign format is named in folders, archives and the check', async () => {
  const files = { 'a/1.jpg': heic, 'a/2.png': await picture(1), 'b/1.png': await picture(2) }
  const roots = [
    await folderOf(files),
    await temporaryFile('a.zip', await zipOf(files)),
    await temporaryFile('a.tar', await tarOf(files)),
  ]
  for (const root of roots) {
    const dataset = await openDataset({ root })
    const [first] = dataset.splits.all!.classes[0]!.images
    expect(await messageOf(dataset.read(first!))).toMatch(
      /a\/1\.jpg: is a HEIC picture.*; save it as JPEG or PNG$/,
    )
    await dataset.close()
    const { broken } = await checkDataset({ root })
    expect(broken).toMatchObject([
      {
        id: 'a/1.jpg',
        reason: 'is a HEIC picture, as telephones take them, which is not read; save it as JPEG or PNG',
      },
    ])
  }
})

test('a picture of far more pixels than bytes is refused by data sets and the check', async () => {
  const bomb = await sharp({ create: { width: 6000, height: 5000, channels: 3, background: 'red' } })
    .png({ compressionLevel: 9 })
    .toBuffer()
  const reason = `has 6000 x 5000 pixels in ${bomb.length} bytes, as no photograph has; replace or remove it`
  const root = await folderOf({ 'a/1.png': bomb, 'a/2.png': await picture(2), 'b/1.png': await picture(3) })
  const dataset = await openDataset({ root })
  const [first] = dataset.splits.all!.classes[0]!.images
  expect(await messageOf(dataset.read(first!))).toContain(reason)
  await dataset.close()
  const { broken } = await checkDataset({ root })
  expect(JSON.stringify(broken)).toContain('as no photograph has')
})

test('reduceTo holds in data sets and for files', async () => {
  const bytes = await picture(1, 200, 100)
  const root = await folderOf({ 'a/1.png': bytes, 'b/1.png': bytes })
  const dataset = await openDataset({ root, reduceTo: 25 })
  const [image] = dataset.splits.all!.classes[0]!.images
  expect(await dataset.read(image!)).toMatchObject({ width: 50, height: 25 })
  await dataset.close()
  expect(await decodePictureFile(join(root, 'a/1.png'), { reduceTo: 25 })).toMatchObject({ height: 25 })
})

test('files that are empty or not there are named', async () => {
  const root = await folderOf({ 'a/1.png': await picture(1) })
  await writeFile(join(root, 'empty.png'), '')
  expect(await messageOf(decodePictureFile(join(root, 'empty.png')))).toMatch(/empty\.png: is empty/)
  expect(await messageOf(decodePictureFile(join(root, 'none.png')))).toMatch(/none\.png: does not exist/)
})
