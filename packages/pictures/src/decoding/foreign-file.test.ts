import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { decodePicture } from '../index.js'
import { messageOf } from '../make-pictures.test.helper.js'

/** A file in boxes of these brands. */
function boxed(...brands: string[]): Buffer {
  const body = Buffer.from(`ftyp${brands[0]}\0\0\0\0${brands.slice(1).join('')}`, 'latin1')
  const length = Buffer.alloc(4)
  length.writeUInt32BE(4 + body.length)
  return Buffer.concat([length, body, Buffer.alloc(64, 1)])
}

const latin1 = (text: string) => Buffer.from(text.padEnd(600, '\x07'), 'latin1')

const tga = Buffer.concat([Buffer.alloc(80, 3), Buffer.from('TRUEVISION-XFILE.\0')])
const dicom = Buffer.concat([Buffer.alloc(128), Buffer.from('DICM'), Buffer.alloc(64)])
const lfs =
  'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n'

const foreign: [string, Uint8Array | string, string][] = [
  ['HEIC', boxed('heic', 'mif1', 'heic'), 'is a HEIC picture, as telephones take them, which is not read; save it as JPEG or PNG'],
  ['HEIC by its second brand', boxed('mif1', 'mif1', 'heix'), 'is a HEIC picture, as telephones'],
  ['HEIF', boxed('mif1', 'mif1', 'miaf'), 'is a picture in HEIF, which is not read; save it as JPEG or PNG'],
  ['CR3', boxed('crx ', 'crx ', 'isom'), 'is a raw file of a camera (CR3); export it as JPEG or PNG'],
  ['MP4', boxed('isom', 'isom', 'mp42'), 'is a film (MP4 or QuickTime); save some of its pictures'],
  ['JPEG XL', latin1('\xff\x0a'), 'is a JPEG XL picture, which is not read; save it as JPEG or PNG'],
  ['JPEG XL in boxes', latin1('\0\0\0\x0cJXL \r\n\x87\n'), 'is a JPEG XL picture'],
  ['JPEG 2000', latin1('\0\0\0\x0cjP  \r\n\x87\n'), 'is a JPEG 2000 picture'],
  ['JPEG XR', latin1('II\xbc\x01'), 'is a JPEG XR picture'],
  ['JPEG-LS', latin1('\xff\xd8\xff\xf7\0\x0b\x08\0\x08\0\x08\x01\x01\x11\0'), 'is a JPEG-LS picture, which is not read'],
  ['JPEG of 12 bits', latin1('\xff\xd8\xff\xc1\0\x0b\x0c\0\x08\0\x08\x01\x01\x11\0'), 'is a JPEG file of 12 bits a channel, which is not read'],
  ['BMP', latin1('BM\x36\x10\0\0\0\0\0\0'), 'is a BMP picture'],
  ['ICO', latin1('\0\0\x01\0\x02\0'), 'is an icon or a cursor (ICO)'],
  ['PSD', latin1('8BPS\0\x01'), 'is a Photoshop file (PSD); export it as JPEG or PNG'],
  ['CR2', latin1('II*\0\x10\0\0\0CR\x02\0'), 'is a raw file of a camera (CR2); export it'],
  ['RAF', latin1('FUJIFILMCCD-RAW'), 'is a raw file of a camera; export it'],
  ['TGA', tga, 'is a TGA picture'],
  ['PNM', 'P6\n2 1\n255\nabcdef', 'is a Netpbm picture (PBM, PGM, PPM or PAM)'],
  ['EXR', latin1('v/1\x01\x02\0\0\0'), 'is an OpenEXR picture, which is not read; save it as JPEG or PNG, or as TIFF from 0 to 1'],
  ['DDS', latin1('DDS |\0\0\0'), 'is a texture (DDS)'],
  ['PDF', '%PDF-1.7\n', 'is a PDF document; save its pictures as JPEG or PNG'],
  ['SVG', '<?xml version="1.0"?>\n<!-- drawn -->\n<svg xmlns="http://www.w3.org/2000/svg"/>', 'is a drawing (SVG); export it as JPEG or PNG'],
  ['HTML', '<!DOCTYPE html>\n<html><body>404</body></html>', 'is a web page (HTML), as a download that failed leaves it; get the picture itself'],
  ['XML', '<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>', 'is an XML document'],
  ['Git LFS', lfs, 'is a pointer of Git LFS in place of the file; run git lfs pull'],
  ['git-annex', '/annex/objects/MD5E-s3--0.jpg\n', 'is a pointer of git-annex in place of the file; run git annex get'],
  ['DICOM', dicom, 'is a DICOM file'],
  ['NumPy', latin1('\x93NUMPY\x01\0'), 'is a NumPy array; save its pictures as PNG'],
  ['zip', latin1('PK\x03\x04\x14'), 'is a zip archive; unpack it'],
  ['gzip', latin1('\x1f\x8b\x08'), 'is a gzip file; unpack it'],
  ['PNG copied as text', latin1('\x89PNG\n\x1a\n\0\0\0\rIHDR'), 'is a PNG file whose line ends were changed'],
  ['PNG for iPhones', latin1('\x89PNG\r\n\x1a\n\0\0\0\x04CgBI'), 'is a PNG file for iPhones (CgBI), which is not read; save it as JPEG or PNG'],
  ['zeros', new Uint8Array(3000), 'is a file that begins with nothing but zeros, as an interrupted copy does; copy it again'],
  ['text', 'Not Found\n', 'is not a picture in a known format (avif, gif, jpeg, jpg, png, tif, tiff, webp) but text that begins with "Not Found"; replace or remove it'],
  ['anything else', Uint8Array.of(200, 201, 202, 203), 'is not a picture in a known format (avif, gif, jpeg, jpg, png, tif, tiff, webp); replace or remove it'],
] // prettier-ignore

describe('files that are no pictures, or in other formats, are named by what they are', () => {
  test.each(foreign)('%s', async (_, content, expected) => {
    const message = await messageOf(decodePicture(Buffer.from(content), 'lily/1.jpg'))
    expect(message.startsWith(`lily/1.jpg: ${expected}`)).toBe(true)
    expect(message).not.toMatch(/\n|damaged/)
  })
})

/** Two frames of 8x8 pixels, the first (200, 100, 50), the second blue. */
const animatedAvif =
  'AAAALGZ0eXBhdmlzAAAAAGF2aWZhdmlzbXNmMWlzbzhtaWYxbWlhZk1BMUEAAADrbWV0YQAAAAAAAAAhaGRscgAAAAAAAAAAcGljdAAAAAAAAAAAAAAAAAAAAAAOcGl0bQAAAAAAAQAAAB5pbG9jAAAAAEQAAAEAAQAAAAEAAAPlAAAAJQAAAChpaW5mAAAAAAABAAAAGmluZmUCAAAAAAEAAGF2MDFDb2xvcgAAAABqaXBycAAAAEtpcGNvAAAAFGlzcGUAAAAAAAAACAAAAAgAAAAQcGl4aQAAAAADCAgIAAAADGF2MUOBIAAAAAAAE2NvbHJuY2x4AAEADQAGgAAAABdpcG1hAAAAAAAAAAEAAQQBAoMEAAACxm1vb3YAAAB4bXZoZAEAAAAAAAAA5zIO5gAAAADnMg7mAAAD6P//////////AAEAAAEAAAAAAAAAAAAAAAABAAAAAAAAAAAAAAAAAAAAAQAAAAAAAAAAAAAAAAAAQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAEAAAJGdHJhawAAAGh0a2hkAQAAAQAAAADnMg7mAAAAAOcyDuYAAAABAAAAAP//////////AAAAAAAAAAAAAAAAAAAAAAABAAAAAAAAAAAAAAAAAAAAAQAAAAAAAAAAAAAAAAAAQAAAAAAIAAAACAAAAAAALGVkdHMAAAAkZWxzdAEAAAEAAAABAAAAAAAAAAIAAAAAAAAAAAABAAAAAAGqbWRpYQAAACxtZGhkAQAAAAAAAADnMg7mAAAAAOcyDuYAAAPoAAAAAAAAAAJVxAAAAAAAIWhkbHIAAAAAAAAAAHBpY3QAAAAAAAAAAAAAAAAAAAABVW1pbmYAAAAUdm1oZAAAAAEAAAAAAAAAAAAAACRkaW5mAAAAHGRyZWYAAAAAAAAAAQAAAAx1cmwgAAAAAQAAARVzdGJsAAAAlXN0c2QAAAAAAAAAAQAAAIVhdjAxAAAAAAAAAAEAAAAAAAAAAAAAAAAAAAAAAAgACABIAAAASAAAAAAAAAABCkFPTSBDb2RpbmcAAAAAAAAAAAAAAAAAAAAAAAAAAAAAGP//AAAADGF2MUOBIAAAAAAAE2NvbHJuY2x4AAEADQAGgAAAABBjY3N0AAAAAHwAAAAAAAAYc3R0cwAAAAAAAAABAAAAAgAAAAEAAAAcc3RzYwAAAAAAAAABAAAAAQAAAAIAAAABAAAAHHN0c3oAAAAAAAAAAAAAAAIAAAAlAAAAIgAAABRzdGNvAAAAAAAAAAEAAAPlAAAAFHN0c3MAAAAAAAAAAQAAAAEAAABPbWRhdBIACgwgAAABF+bXzQENBpAyExAAjAAAAgAAAABowUIsaw/AvzkSADIeMAPAgAAARowAAAIAAACAAB7Z+ZOzNaDGR0r6qM+A'

describe('the first picture of several', () => {
  const frames = async () =>
    Promise.all(
      ['#c86432', '#0000ff'].map((background) =>
        sharp({ create: { width: 8, height: 8, channels: 3, background } })
          .png()
          .toBuffer(),
      ),
    )

  test.each(['gif', 'webp'] as const)('of an animated %s file', async (format) => {
    const animation = sharp(await frames(), { join: { animated: true } })
    const bytes = await (format === 'gif' ? animation.gif() : animation.webp({ lossless: true })).toBuffer()
    expect((await sharp(bytes).metadata()).pages).toBe(2)
    const { width, height, data } = await decodePicture(bytes, `a.${format}`)
    expect([width, height, ...data.subarray(0, 3)]).toEqual([8, 8, 200, 100, 50])
  })

  test('of an animated AVIF file', async () => {
    const { width, height, data } = await decodePicture(Buffer.from(animatedAvif, 'base64'), 'a.avif')
    expect([width, height]).toEqual([8, 8])
    for (const [at, level] of data.entries()) {
      expect(Math.abs(level - [200, 100, 50][at % 3]!)).toBeLessThanOrEqual(2)
    }
  })
})
