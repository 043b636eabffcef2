import { createHash, randomUUID } from 'node:crypto'
import { open, realpath, rename, rm, stat, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { InputError } from '@m2l/engine'
import { kindOfFile, syncFolder } from '@m2l/engine-native'
import { encodeHeader, type SafetensorsContent } from '../state/safetensors.js'
import { elementsOf, typeOf, type StoredTensor } from '../state/stored-tensor.js'
import { notWritable } from './whole-file.js'

/**
 * What a header may take beside its metadata: types, shapes and places of a handful of tensors, and
 * checksums.
 */
const headerBytes = 4096

/** The tensor that is written row by row. */
export interface GrowingTensor {
  readonly name: string
  /** The shape of a row. */
  readonly row: readonly number[]
}

/**
 * Writes a safetensors file of which one tensor, of float32, is larger than memory need be: row by row, then
 * the others. Nothing has the file's name before it is finished.
 */
export class SafetensorsWriter {
  readonly #file: string
  readonly #target: string
  readonly #temporary: string
  readonly #handle: FileHandle
  readonly #growing: GrowingTensor
  readonly #metadata: SafetensorsContent['metadata']
  readonly #size: number
  readonly #digest = createHash('sha256')
  #bytes = 0

  private constructor(
    file: string,
    growing: GrowingTensor,
    metadata: SafetensorsContent['metadata'],
    opened: { readonly target: string; readonly temporary: string; readonly handle: FileHandle },
  ) {
    this.#file = file
    this.#growing = growing
    this.#metadata = metadata
    this.#target = opened.target
    this.#temporary = opened.temporary
    this.#handle = opened.handle
    const ofMetadata = Buffer.byteLength(JSON.stringify(metadata))
    this.#size = Math.ceil((headerBytes + ofMetadata) / 8) * 8
  }

  /**
   * Begins a file.
   *
   * @param metadata free texts; `sha256` is the checksum's
   * @throws {InputError} when it cannot be written there
   */
  static async create(
    file: string,
    growing: GrowingTensor,
    metadata: SafetensorsContent['metadata'] = {},
  ): Promise<SafetensorsWriter> {
    const target = await realpath(file).catch(() => file)
    const found = await stat(target).catch(() => undefined)
    const kind = found && kindOfFile(found)
    if (kind !== undefined)
      throw new InputError(`${file}: is ${kind}; name a regular file, or one to be made`, { code: 'file' })
    const temporary = `${target}.${randomUUID()}.tmp`
    try {
      const handle = await open(temporary, 'wx')
      return new SafetensorsWriter(file, growing, metadata, { target, temporary, handle })
    } catch (error) {
      throw notWritable(file, error)
    }
  }

  /**
   * Appends rows.
   *
   * @throws {InputError} when they cannot be written
   * @throws {RangeError} when the numbers are no whole rows
   */
  async append(rows: Float32Array): Promise<void> {
    const width = elementsOf(this.#growing.row)
    if (rows.length % width !== 0)
      throw new RangeError(`${rows.length} numbers are no whole rows of ${width}`)
    await this.#write(Buffer.from(rows.buffer, rows.byteOffset, rows.byteLength))
  }

  /**
   * Writes the other tensors, of bytes, and gives the file its name.
   *
   * @throws {InputError} when it cannot be written
   */
  async finish(
    others: Readonly<Record<string, StoredTensor & { readonly data: Uint8Array }>> = {},
  ): Promise<void> {
    const { name, row } = this.#growing
    const rows = this.#bytes / 4 / Math.max(1, elementsOf(row))
    const tensors: Record<string, unknown> = {
      [name]: { dtype: 'F32', shape: [rows, ...row], data_offsets: [0, this.#bytes] },
    }
    for (const [other, { shape, data }] of Object.entries(others)) {
      const begin = this.#bytes
      await this.#write(data)
      tensors[other] = { dtype: typeOf(data), shape, data_offsets: [begin, this.#bytes] }
    }
    try {
      const header = encodeHeader(tensors, this.#metadata, this.#digest.digest('hex'), this.#size)
      await this.#handle.write(header, 0, header.length, 0)
      await this.#handle.sync()
      await this.#handle.close()
      await rename(this.#temporary, this.#target)
      await syncFolder(dirname(this.#target))
    } catch (error) {
      await this.abandon()
      throw notWritable(this.#file, error)
    }
  }

  /** Leaves nothing of it behind, unless it is finished. */
  async abandon(): Promise<void> {
    await this.#handle.close().catch(() => {})
    await rm(this.#temporary, { force: true })
  }

  async #write(bytes: Uint8Array): Promise<void> {
    this.#digest.update(bytes)
    let done = 0
    try {
      while (done < bytes.length) {
        const at = this.#size + this.#bytes + done
        const { bytesWritten } = await this.#handle.write(bytes, done, bytes.length - done, at)
        done += bytesWritten
      }
    } catch (error) {
      throw notWritable(this.#file, error)
    }
    this.#bytes += bytes.length
  }
}
