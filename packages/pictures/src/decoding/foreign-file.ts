import { brandsOf, isCameraFile } from './picture-format.js'
import type { Undecodable } from './undecodable.js'

const savePicture = 'save it as JPEG or PNG'
const saveShares = 'save it as JPEG or PNG, or as TIFF from 0 to 1'
const saveFrames = 'save some of its pictures as JPEG or PNG'
const exportPicture = 'export it as JPEG or PNG'
const getPicture = 'get the picture itself'

/** Files that are often taken for pictures, by how they begin: what each is, and what to do. */
const foreignStarts: readonly (readonly [starts: readonly (string | RegExp)[], what: string, remedy: string])[] = [
  [[/^\x89PNG.{8}CgBI/s], 'a PNG file for iPhones (CgBI)', savePicture],
  [['\x89PNG'], 'a PNG file whose line ends were changed while it was copied as text', 'copy it again, as binary'],
  [['\xff\x0a', '\0\0\0\x0cJXL '], 'a JPEG XL picture', savePicture],
  [['\0\0\0\x0cjP  ', '\xff\x4f\xff\x51'], 'a JPEG 2000 picture', savePicture],
  [['II\xbc'], 'a JPEG XR picture', savePicture],
  [[/^BM.{4}\0\0\0\0/s], 'a BMP picture', savePicture],
  [['\0\0\x01\0', '\0\0\x02\0'], 'an icon or a cursor (ICO)', savePicture],
  [['icns'], 'an icon (ICNS)', savePicture],
  [['8BPS', '8BPB'], 'a Photoshop file (PSD)', exportPicture],
  [['gimp xcf'], 'a GIMP file (XCF)', exportPicture],
  [['DDS '], 'a texture (DDS)', savePicture],
  [['\xabKTX '], 'a texture (KTX)', savePicture],
  [['v/1\x01'], 'an OpenEXR picture', saveShares],
  [['#?RADIANCE', '#?RGBE'], 'a Radiance picture (HDR)', saveShares],
  [[/^P[1-7][\s#]/], 'a Netpbm picture (PBM, PGM, PPM or PAM)', savePicture],
  [[/^P[Ff]\s/], 'a floating-point Netpbm picture (PFM)', saveShares],
  [['qoif'], 'a QOI picture', savePicture],
  [['FLIF'], 'a FLIF picture', savePicture],
  [['BPG\xfb'], 'a BPG picture', savePicture],
  [['\x8aMNG', '\x8bJNG'], 'an MNG or JNG picture', savePicture],
  [['\x01\xda'], 'an SGI picture', savePicture],
  [['\x0a\x05\x01', '\x0a\x03\x01', '\x0a\x02\x01'], 'a PCX picture', savePicture],
  [['\x59\xa6\x6a\x95'], 'a Sun raster picture', savePicture],
  [['FUJIFILMCCD', 'IIRO', 'IIRS', 'MMOR', 'IIU\0', 'FOVb', '\0MRM', 'II\x1a\0\0\0HEAPCCDR'], 'a raw file of a camera', exportPicture],
  [['%PDF'], 'a PDF document', 'save its pictures as JPEG or PNG'],
  [['%!PS', '\xc5\xd0\xd3\xc6'], 'a PostScript document', exportPicture],
  [['SIMPLE  ='], 'a FITS file', 'save it as 8-bit PNG'],
  [['\x89HDF', '\x0e\x03\x13\x01'], 'an HDF file', 'save its pictures as PNG'],
  [['\x93NUMPY'], 'a NumPy array', 'save its pictures as PNG'],
  [['MATLAB 5'], 'a MATLAB file', 'save its pictures as PNG'],
  [[/^RIFF....AVI /s, '\0\0\x01\xb3', '\0\0\x01\xba', '\x1a\x45\xdf\xa3'], 'a film (AVI, MPEG, Matroska or WebM)', saveFrames],
  [['PK\x03\x04'], 'a zip archive', 'unpack it'],
  [['\x1f\x8b'], 'a gzip file', 'unpack it'],
  [['7z\xbc\xaf', 'Rar!', '\xfd7zXZ', 'BZh', '\x28\xb5\x2f\xfd'], 'a packed file', 'unpack it'],
  [['\x7fELF', 'MZ\x90'], 'a program', 'replace or remove it'],
  [['version https://git-lfs'], 'a pointer of Git LFS in place of the file', 'run git lfs pull'],
  [['/annex/objects', /^\.\.\/.*\/annex\/objects/], 'a pointer of git-annex in place of the file', 'run git annex get'],
  [[/^(?:\xef\xbb\xbf)?\s*<(?:!doctype html|html|head|body)/i], 'a web page (HTML), as a download that failed leaves it', getPicture],
  [[/^(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*)?(?:<!--[^]*?-->\s*|<!doctype svg[^>]*>\s*)*<svg/i], 'a drawing (SVG)', exportPicture],
  [[/^(?:\xef\xbb\xbf)?\s*<\?xml/i], 'an XML document', getPicture],
] // prettier-ignore

/** Brands of files in boxes that are no AVIF pictures. */
const brandKinds: readonly (readonly [brand: RegExp, what: string, remedy: string])[] = [
  [/^he(?:ic|ix|im|is|vc|vx|vm|vs)$/, 'a HEIC picture, as telephones take them', savePicture],
  [/^crx /, 'a raw file of a camera (CR3)', exportPicture],
  [/^(?:mif1|msf1|miaf)$/, 'a picture in HEIF', savePicture],
  [/./, 'a film (MP4 or QuickTime)', saveFrames],
]

/** What a file is that is in none of the formats that are read, and what to do. */
export function foreignFile(bytes: Uint8Array, known: readonly string[]): Undecodable {
  const foreign = named(bytes)
  if (foreign) {
    const [what, remedy] = foreign
    return { reason: `is ${what}${remedy.startsWith(savePicture) ? ', which is not read' : ''}`, remedy }
  }
  const text = textOf(bytes)
  const instead = text === undefined ? '' : ` but text that begins with ${JSON.stringify(text)}`
  return { reason: `is not a picture in a known format (${known.join(', ')})${instead}` }
}

function named(bytes: Uint8Array): readonly [what: string, remedy: string] | undefined {
  if (isCameraFile(bytes)) return ['a raw file of a camera (CR2)', exportPicture]
  const begin = ascii(bytes.subarray(0, 512))
  const foreign = foreignStarts.find(([starts]) =>
    starts.some((start) => (typeof start === 'string' ? begin.startsWith(start) : start.test(begin))),
  )
  if (foreign) return [foreign[1], foreign[2]]
  const brands = brandsOf(bytes)
  const ofBrand = brandKinds.find(([brand]) => brands.some((one) => brand.test(one)))
  if (ofBrand) return [ofBrand[1], ofBrand[2]]
  if (begin.slice(128, 132) === 'DICM') return ['a DICOM file', 'save it as 8-bit PNG']
  if (ascii(bytes.subarray(-18, -2)) === 'TRUEVISION-XFILE') return ['a TGA picture', savePicture]
  if (begin.length > 0 && begin === '\0'.repeat(begin.length)) {
    return ['a file that begins with nothing but zeros, as an interrupted copy does', 'copy it again']
  }
  return undefined
}

/** How a text begins; nothing where a file is none. */
function textOf(bytes: Uint8Array): string | undefined {
  const begin = ascii(bytes.subarray(0, 512))
  if (!/^[\s\x20-\x7e]+$/.test(begin)) return undefined
  return begin.trim().slice(0, 40).replace(/\s+/g, ' ')
}

function ascii(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes)
}
