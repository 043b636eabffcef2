import type { Undecodable } from '../../undecodable.js'
import type { TiffTags } from './tiff-file.js'

const colourSpaces: Readonly<Record<number, string>> = {
  4: 'a mask of another picture',
  6: 'luma and colour differences (YCbCr) outside JPEG',
  8: 'CIELAB colours',
  9: 'ICCLAB colours',
  10: 'ITULAB colours',
  32803: 'raw values of a camera sensor',
  32844: 'logarithms of luminance (LogL)',
  32845: 'logarithms of colours (LogLuv)',
  34892: 'linear raw values of a camera',
  51177: 'a map of depths',
}

const compressions: Readonly<Record<number, string>> = {
  6: 'JPEG of the old kind',
  7: 'JPEG in this form',
  33003: 'JPEG 2000',
  33004: 'JPEG 2000',
  33005: 'JPEG 2000',
  34661: 'JBIG',
  34676: 'SGI LogLuv',
  34677: 'SGI LogLuv',
  34712: 'JPEG 2000',
  34887: 'LERC',
  34892: 'lossy JPEG',
  34925: 'LZMA',
  34933: 'PNG',
  34934: 'JPEG XR',
  50001: 'WebP',
  50002: 'JPEG XL',
  52546: 'JPEG XL',
}

const [unsigned, signed, float, undefinedFormat] = [1, 2, 3, 4]

/**
 * Colours of a pixel by photometric interpretation: light on dark, dark on light, RGB, palette, four inks,
 * YCbCr.
 */
const colourCounts: Readonly<Record<number, number>> = { 0: 1, 1: 1, 2: 3, 3: 1, 5: 4, 6: 3 }

/** What sharp unpacks: none, the fax codes, LZW, JPEG, Deflate twice, PackBits. */
const sharpCompressions = new Set([1, 2, 3, 4, 5, 7, 8, 32771, 32773, 32946])

/** What the library of samples unpacks: none, LZW, Deflate twice, PackBits, ZSTD. */
const sampleCompressions = new Set([1, 5, 8, 32773, 32946, 50000])

/** Which of a pixel's samples are its colours and its cover. */
export interface Channels {
  readonly colours: number
  readonly alpha?: { readonly sample: number; readonly isPremultiplied: boolean }
}

/**
 * A TIFF picture that sharp reads as its tags say, one whose samples have to be turned into colours here, or
 * one that is refused.
 */
export type TiffKind = 'ordinary' | Channels | Undecodable

/** How to read a TIFF picture, by what its tags declare. */
export function tiffKind(tags: TiffTags): TiffKind {
  const { photometric, bits, formats, compression } = tags
  if (tags.isPreview)
    return { reason: 'is a raw file of a camera (such as DNG or NEF)', remedy: 'export it as JPEG or PNG' }
  if (photometric === undefined) return refused('does not say what its values mean (tag 262)')
  const colours = colourCounts[photometric]
  if (colours === undefined) {
    return refused(`holds ${colourSpaces[photometric] ?? `colours of kind ${photometric}`}`)
  }
  const [depth, format] = [bits[0]!, formats[0]!]
  if (bits.some((one) => one !== depth) || formats.some((one) => one !== format)) {
    return refused(`holds samples of different kinds (${bits.join(', ')} bits)`)
  }
  const samples = refusedSamples(depth, format)
  if (samples) return samples
  const channels = channelsOf(tags, colours)
  if ('reason' in channels) return channels
  if (isOrdinary(tags, channels)) return 'ordinary'
  if (photometric === 3 || photometric === 6)
    return refused(`holds ${photometric === 3 ? `a palette of ${depth} bits in this form` : colourSpaces[6]}`)
  if (!sampleCompressions.has(compression)) {
    return refused(`is compressed by ${compressions[compression] ?? `scheme ${compression}`}`)
  }
  if (bits.length > 1 && depth % 8 !== 0) return refused(`packs ${bits.length} samples of ${depth} bits`)
  if (tags.predictor === 2 && !tags.isLittleEndian && depth > 8) {
    return refused('holds differences of neighbouring values in big-endian order')
  }
  return channels
}

/** Whether sharp reads it as its tags say, which `npm run oracle` looks after. */
function isOrdinary(tags: TiffTags, { colours, alpha }: Channels): boolean {
  const { photometric, bits, formats, compression, isPlanar, isTiled, extra } = tags
  const depth = bits[0]!
  if (!sharpCompressions.has(compression) || (isPlanar && isTiled) || formats[0] === float) return false
  const others = bits.length - colours
  if (photometric === 6) return compression === 7 && depth === 8 && others === 0
  if (photometric === 3 || depth < 8) return [1, 2, 4, 8].includes(depth) && others === 0
  if (photometric === 5) return depth === 8 && others === 0
  if (depth !== 8 && depth !== 16) return false
  if (others === 0) return true
  const isAlpha = others === 1 && alpha !== undefined && (colours === 3 || !alpha.isPremultiplied)
  return isAlpha && (extra === undefined || extra.length === 1)
}

function refusedSamples(depth: number, format: number): Undecodable | undefined {
  const saveAs = 'save it with 8 or 16 bits, or as floating point from 0 to 1'
  if (format === signed) {
    return refused(`holds signed numbers of ${depth} bits, which have no agreed black and white`, saveAs)
  }
  if (format === float) {
    return [16, 32, 64].includes(depth)
      ? undefined
      : refused(`holds floating-point numbers of ${depth} bits`, saveAs)
  }
  if (format !== unsigned && format !== undefinedFormat) return refused('holds complex numbers', saveAs)
  if (depth <= 16) return undefined
  return refused(`holds whole numbers of ${depth} bits, which have no agreed white`, saveAs)
}

function channelsOf({ photometric, bits, extra, inkSet }: TiffTags, colours: number): Channels | Undecodable {
  const others = bits.length - colours
  if (others < 0 || (photometric === 5 && inkSet !== 1)) {
    return refused(
      `holds ${bits.length} ${photometric === 5 ? 'inks that are not cyan, magenta, yellow and black' : 'channels'}`,
    )
  }
  if (others === 0) return { colours }
  const said = extra ?? (others === 1 && photometric === 2 ? [2] : [])
  const place = said.findIndex((kind) => kind === 1 || kind === 2)
  if (place >= 0 && place < others && photometric !== 5) {
    return { colours, alpha: { sample: colours + place, isPremultiplied: said[place] === 1 } }
  }
  if (said.length === others && (others === 1 || colours > 1)) return { colours }
  return refused(
    `holds ${bits.length} channels and does not say which are red, green and blue`,
    'save the channels that are to be seen as RGB or grey',
  )
}

function refused(what: string, remedy = 'save it as 8-bit RGB or grey'): Undecodable {
  return { reason: `is a TIFF picture that ${what}, which is not read`, remedy }
}
