import { inflateSync } from 'node:zlib'

type Geotiff = typeof import('geotiff')
type FileDirectory = InstanceType<Geotiff['ImageFileDirectory']>

/**
 * Has Deflate and ZSTD unpack no more than the pixels of a strip or tile: the library's own decoders know no
 * limit, and go on for ever on some damaged files.
 */
export function boundDecoders({ addDecoder, BaseDecoder }: Geotiff): void {
  class Inflate extends BaseDecoder {
    override decodeBlock(block: ArrayBufferLike): ArrayBuffer {
      return Uint8Array.from(inflateSync(new Uint8Array(block), { maxOutputLength: blockBytes(this) })).buffer
    }
  }
  class Zstd extends BaseDecoder {
    override async decodeBlock(block: ArrayBufferLike): Promise<ArrayBuffer> {
      const { ZSTDDecoder } = await import('zstddec')
      const decoder = new ZSTDDecoder()
      await decoder.init()
      const unpacked = decoder.decode(new Uint8Array(block), blockBytes(this))
      if (unpacked.length === 0 || unpacked.length > blockBytes(this)) throw new Error('damaged ZSTD')
      return Uint8Array.from(unpacked).buffer
    }
  }
  addDecoder([8, 32946], async () => Inflate, blockParameters)
  addDecoder(50000, async () => Zstd, blockParameters)
}

/** What decoders are told of a file, where strips are no higher than the picture. */
async function blockParameters(directory: FileDirectory) {
  const number = async (name: Parameters<FileDirectory['loadValue']>[0]) =>
    (await directory.loadValue(name)) as number | undefined
  const isTiled = !directory.hasTag('StripOffsets')
  const height = (await number('ImageLength')) ?? 0
  const bits = (await directory.loadValue('BitsPerSample')) as ArrayLike<number> | undefined
  return {
    tileWidth: (await number(isTiled ? 'TileWidth' : 'ImageWidth')) ?? 0,
    tileHeight: isTiled
      ? ((await number('TileLength')) ?? 0)
      : Math.min(height, (await number('RowsPerStrip')) ?? height),
    planarConfiguration: (await number('PlanarConfiguration')) ?? 1,
    bitsPerSample: Array.from(bits ?? [1]),
    predictor: (await number('Predictor')) ?? 1,
  }
}

/** Bytes of a strip or tile; of planes more than they need. */
function blockBytes({ parameters }: InstanceType<Geotiff['BaseDecoder']>): number {
  const { tileWidth, tileHeight, bitsPerSample } = parameters
  const bits = Array.from(bitsPerSample as ArrayLike<number>).reduce((sum, one) => sum + one, 0)
  return tileHeight * Math.ceil((tileWidth * bits) / 8)
}
