import type { GeoTIFFImage } from 'geotiff'
import { boundDecoders } from './bounded-decoders.js'

/** What the first directory of a TIFF file says of its picture (TIFF 6.0, section 8). */
export interface TiffTags {
  readonly width: number
  readonly height: number
  /** Bits of each sample of a pixel. */
  readonly bits: readonly number[]
  /** Format of each sample: 1 unsigned, 2 signed, 3 floating point, 4 undefined, 5 and 6 complex. */
  readonly formats: readonly number[]
  /** What the samples mean; absent where the file does not say it. */
  readonly photometric: number | undefined
  readonly compression: number
  /** What samples beyond the colours mean: 0 unspecified, 1 premultiplied alpha, 2 alpha. */
  readonly extra: readonly number[] | undefined
  readonly isPlanar: boolean
  readonly isTiled: boolean
  readonly predictor: number
  readonly isLittleEndian: boolean
  /** 1 for cyan, magenta, yellow and black. */
  readonly inkSet: number
  /** As in EXIF, 1 to 8. */
  readonly orientation: number
  readonly hasMorePages: boolean
  /** Whether the first page is but a preview, beside the values of a camera sensor. */
  readonly isPreview: boolean
}

/** A TIFF file whose first directory was read. */
export interface TiffFile {
  readonly tags: TiffTags
  /**
   * The samples of these numbers, pixel by pixel, as they are stored.
   *
   * @throws {Error} when the file is damaged
   */
  read(samples: readonly number[]): Promise<ArrayLike<number>>
}

/** Marks raw files in Adobe's format (DNG). */
const dngVersion = 50706

/**
 * Opens a TIFF file.
 *
 * @throws {Error} when it is cut off or damaged.
 */
export async function openTiff(bytes: Uint8Array): Promise<TiffFile> {
  const geotiff = await library()
  const { buffer, byteOffset, byteLength } = bytes
  const file = await geotiff.fromArrayBuffer(buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer)
  const image = await file.getImage(0)
  const { fileDirectory } = image
  const number = async (name: Parameters<typeof fileDirectory.loadValue>[0]) =>
    (await fileDirectory.loadValue(name)) as number | undefined
  const numbers = async (name: Parameters<typeof fileDirectory.loadValue>[0]) => {
    const values = (await fileDirectory.loadValue(name)) as ArrayLike<number> | undefined
    return values && Array.from(values)
  }
  const samples = image.getSamplesPerPixel()
  const ofEach = (values: number[] | undefined, otherwise: number) =>
    Array.from({ length: samples }, (_, sample) => values?.[sample] ?? values?.[0] ?? otherwise)
  const isTiled = fileDirectory.hasTag('TileOffsets')
  const isPlanar = (await number('PlanarConfiguration')) === 2
  const [offsets, counts] = await Promise.all([
    numbers(isTiled ? 'TileOffsets' : 'StripOffsets'),
    numbers(isTiled ? 'TileByteCounts' : 'StripByteCounts'),
  ])
  return {
    tags: {
      width: image.getWidth(),
      height: image.getHeight(),
      bits: ofEach(await numbers('BitsPerSample'), 1),
      formats: ofEach(await numbers('SampleFormat'), 1),
      photometric: await number('PhotometricInterpretation'),
      compression: (await number('Compression')) ?? 1,
      extra: await numbers('ExtraSamples'),
      isPlanar,
      isTiled,
      predictor: (await number('Predictor')) ?? 1,
      isLittleEndian: file.littleEndian,
      inkSet: (await number('InkSet')) ?? 1,
      orientation: (await number('Orientation')) ?? 1,
      isPreview:
        fileDirectory.hasTag(dngVersion) ||
        (fileDirectory.hasTag('SubIFDs') && (((await number('NewSubfileType')) ?? 0) & 1) === 1),
      hasMorePages: fileDirectory.nextIFDByteOffset !== 0,
    },
    async read(wanted) {
      if (isTiled && image.getTileWidth() * image.getTileHeight() > largestTile) throw new Error('huge tiles')
      requireWhole(
        { expected: blocksOf(image, isPlanar), offsets: offsets ?? [], counts: counts ?? [] },
        byteLength,
      )
      return (await image.readRasters({ samples: [...wanted], interleave: true })) as ArrayLike<number>
    },
  }
}

/** What strips or tiles a picture takes, and where they are in the file. */
interface Blocks {
  readonly expected: number
  readonly offsets: readonly number[]
  readonly counts: readonly number[]
}

/** How many strips or tiles there have to be. */
function blocksOf(image: GeoTIFFImage, isPlanar: boolean): number {
  const across = Math.ceil(image.getWidth() / image.getTileWidth())
  const down = Math.ceil(image.getHeight() / image.getTileHeight())
  return across * down * (isPlanar ? image.getSamplesPerPixel() : 1)
}

/** The library fills what is missing with zeros, which would be black. */
function requireWhole({ expected, offsets, counts }: Blocks, length: number): void {
  if (!(offsets.length >= expected)) {
    throw new Error(`${offsets.length} of ${expected} strips or tiles are in the file`)
  }
  offsets.slice(0, expected).forEach((offset, block) => {
    const count = Number(counts[block] ?? 0)
    if (count === 0 || Number(offset) + count > length) {
      throw new Error(`${count} bytes of pixels at ${offset} are not in the file`)
    }
  })
}

/** Tiles may be larger than a small picture, but no more than these pixels. */
const largestTile = 2 ** 24

let loaded: Promise<typeof import('geotiff')> | undefined

/** Loads the library with the first TIFF file. */
function library(): Promise<typeof import('geotiff')> {
  loaded ??= import('geotiff').then((geotiff) => {
    boundDecoders(geotiff)
    return geotiff
  })
  return loaded
}
