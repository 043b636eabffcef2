import { createHash } from 'node:crypto'
import { type FileHandle, rm } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import type { RgbImage } from '@m2l/pictures'
import type { ByteSource } from '../sources/byte-source.js'

// A pack is a safetensors file (https://github.com/huggingface/safetensors, "Format") of decoded pictures:
// pixels U8 [bytes] one picture after the other, each [height, width, 3] offsets I64 [pictures] where each
// begins sizes I32 [pictures, 2] height and width; 0 of pictures that could not be decoded checksums U32
// [pictures] CRC-32 of each picture's bytes ids U8 [bytes] JSON: the list of ids Its metadata holds the
// SHA-256 of all that (`sha256`), of all but the pixels (`index_sha256`), and the source's stamp.

/** What the header takes, filled up with spaces: it is written last, when sizes and checksums are known. */
const headerBytes = 4096
const format = 'm2l-pack-2'

interface TensorEntry {
  readonly dtype: string
  readonly shape: readonly number[]
  readonly data_offsets: readonly [number, number]
}

/** Writes the pictures of a pack one after the other. */
export class PackWriter {
  readonly #handle: FileHandle
  readonly #content = createHash('sha256')
  readonly #offsets: bigint[] = []
  readonly #sizes: number[] = []
  readonly #checksums: number[] = []
  #end = 0

  /** @param handle an empty file, open for writing; stays open. */
  constructor(handle: FileHandle) {
    this.#handle = handle
  }

  /** Adds the pictures that come next; undefined stands for one that could not be decoded. */
  async add(pictures: readonly (RgbImage | undefined)[]): Promise<void> {
    const bytes: Uint8Array[] = []
    let end = this.#end
    for (const picture of pictures) {
      this.#offsets.push(BigInt(end))
      this.#sizes.push(picture?.height ?? 0, picture?.width ?? 0)
      this.#checksums.push(picture ? crc32(picture.data) : 0)
      if (!picture) continue
      bytes.push(picture.data)
      end += picture.data.length
    }
    await this.#append(Buffer.concat(bytes))
  }

  /** Writes the index and the header; then the file is whole. */
  async finish(ids: readonly string[], source: string): Promise<void> {
    await this.#append(new Uint8Array(-this.#end & 7)) // what follows lies at multiples of eight
    const pixels = this.#end
    const index = createHash('sha256')
    const entries: Record<string, TensorEntry> = {
      pixels: { dtype: 'U8', shape: [pixels], data_offsets: [0, pixels] },
    }
    const add = async (name: string, dtype: string, shape: number[], values: ArrayBufferView) => {
      const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength)
      const begin = this.#end
      index.update(bytes)
      await this.#append(bytes)
      entries[name] = { dtype, shape, data_offsets: [begin, this.#end] }
    }
    const text = Buffer.from(JSON.stringify(ids))
    await add('offsets', 'I64', [ids.length], BigInt64Array.from(this.#offsets))
    await add('sizes', 'I32', [ids.length, 2], Int32Array.from(this.#sizes))
    await add('checksums', 'U32', [ids.length], Uint32Array.from(this.#checksums))
    await add('ids', 'U8', [text.length], text)
    const metadata = {
      format,
      source,
      sha256: this.#content.digest('hex'),
      index_sha256: index.digest('hex'),
    }
    const header = Buffer.alloc(headerBytes, ' ')
    header.writeBigUInt64LE(BigInt(headerBytes - 8))
    header.write(JSON.stringify({ __metadata__: metadata, ...entries }), 8)
    await writeWhole(this.#handle, header, 0)
    await this.#handle.sync()
  }

  async #append(bytes: Uint8Array): Promise<void> {
    this.#content.update(bytes)
    await writeWhole(this.#handle, bytes, headerBytes + this.#end)
    this.#end += bytes.length
  }
}

/** The system may write less than asked for. */
async function writeWhole(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    const { bytesWritten } = await handle.write(bytes, written, bytes.length - written, position + written)
    written += bytesWritten
  }
}

/** Where a picture lies in a pack. */
interface Slice {
  readonly offset: number
  readonly height: number
  readonly width: number
  readonly checksum: number
}

/** A pack whose index is read and verified; its pictures are read in places. */
export class PackReader {
  readonly #bytes: ByteSource
  readonly #slices: ReadonlyMap<string, Slice>

  private constructor(bytes: ByteSource, slices: ReadonlyMap<string, Slice>) {
    this.#bytes = bytes
    this.#slices = slices
  }

  /** Undefined where the file is not a whole pack of the source. */
  static async open(bytes: ByteSource, source: string): Promise<PackReader | undefined> {
    try {
      const header = await bytes.read(0, headerBytes)
      const { __metadata__: metadata, ...entries } = JSON.parse(header.toString('utf8', 8)) as {
        __metadata__: Record<string, string>
      } & Record<'offsets' | 'sizes' | 'checksums' | 'ids', TensorEntry>
      if (metadata.format !== format || metadata.source !== source) return undefined
      const start = entries.offsets.data_offsets[0]
      const index = Buffer.from(await bytes.read(headerBytes + start, bytes.size - headerBytes - start))
      if (createHash('sha256').update(index).digest('hex') !== metadata.index_sha256) return undefined
      const part = ({ data_offsets: [from, to] }: TensorEntry) => index.subarray(from - start, to - start)
      const [offsets, sizes, checksums] = [
        part(entries.offsets),
        part(entries.sizes),
        part(entries.checksums),
      ]
      const ids = JSON.parse(part(entries.ids).toString('utf8')) as string[]
      const slices = ids.map((id, at): [string, Slice] => [
        id,
        {
          offset: headerBytes + Number(offsets.readBigInt64LE(8 * at)),
          height: sizes.readInt32LE(8 * at),
          width: sizes.readInt32LE(8 * at + 4),
          checksum: checksums.readUInt32LE(4 * at),
        },
      ])
      return new PackReader(bytes, new Map(slices))
    } catch {
      return undefined
    }
  }

  /**
   * The picture of an id; undefined where the pack has none, `damaged` where its bytes are not those written.
   */
  async read(id: string): Promise<RgbImage | 'damaged' | undefined> {
    const slice = this.#slices.get(id)
    if (!slice || slice.height === 0) return undefined
    const { offset, height, width, checksum } = slice
    const data = await this.#bytes.read(offset, height * width * 3).catch(() => undefined)
    return data && crc32(data) === checksum ? { height, width, data } : 'damaged'
  }

  /**
   * Removes the file, so that it is made anew when the data set is opened next; what is whole of it can still
   * be read.
   */
  async discard(): Promise<void> {
    await rm(this.#bytes.name, { force: true })
  }

  close(): Promise<void> {
    return this.#bytes.close()
  }
}
