import sharp from 'sharp'
import { expect, test } from 'vitest'
import { checkDataset } from '../index.js'
import { folderOf, picture, pixelsOf, tarOf, temporaryFile } from '../make-files.test.helper.js'

const raw = { width: 20, height: 16, channels: 3 } as const
const pixels = sharp(pixelsOf(5, 20, 16), { raw })
const frames = [await picture(1, 20, 16), await picture(200, 20, 16)]
const animation = () => sharp(frames, { join: { animated: true } })
const grey = Array.from({ length: 320 }, (_, at) => at * 12)

const files = {
  'several/1.gif': await animation().gif().toBuffer(),
  'several/2.webp': await animation().webp({ lossless: true }).toBuffer(),
  'profile/1.png': await pixels.clone().withIccProfile('p3').png().toBuffer(),
  'profile/2.jpg': await pixels.clone().withIccProfile('p3').jpeg().toBuffer(),
  'dark/2.png': await sharp(Uint16Array.from(grey), { raw: { width: 20, height: 16, channels: 1 } })
    .toColourspace('grey16')
    .png()
    .toBuffer(),
  'plain/1.png': await pixels.clone().withIccProfile('srgb').png().toBuffer(),
  'plain/2.jpg': await pixels.clone().withIccProfile('srgb').jpeg().toBuffer(),
  'plain/5.gif': await pixels.clone().gif().toBuffer(),
}

test('tells which pictures are read otherwise than they may look, in folders and archives', async () => {
  for (const root of [await folderOf(files), await temporaryFile('a.tar', await tarOf(files))]) {
    const { remarks, broken } = await checkDataset({ root })
    expect(broken).toEqual([])
    expect(remarks).toEqual([
      { remark: 'profile', images: 2, first: { id: 'profile/1.png', class: 'profile', split: 'all' } },
      { remark: 'several', images: 2, first: { id: 'several/1.gif', class: 'several', split: 'all' } },
      { remark: 'dark', images: 1, first: { id: 'dark/2.png', class: 'dark', split: 'all' } },
    ])
  }
})
