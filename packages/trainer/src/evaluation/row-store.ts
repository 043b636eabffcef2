import { readSync } from 'node:fs'
import { mkdtemp, open, rm, type FileHandle } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { InputError } from '@m2l/engine'
import { makeTemporaryFolder } from '@m2l/engine-native'
import { noRoomReason } from '../run/disk-full.js'

/** Rows of equally many float32 numbers, appended in blocks and read one by one. */
export interface RowStore {
  /** @param block whole rows; every block but the last has as many as the first */
  append(block: Float32Array): Promise<void>
  /** Copies a row to where it shall start. */
  read(row: number, into: Float32Array, start: number): void
  dispose(): Promise<void>
}

/** Rows in memory: the blocks as they came. */
export class MemoryRows implements RowStore {
  readonly #width: number
  readonly #blocks: Float32Array[] = []

  /** @param width the numbers of a row */
  constructor(width: number) {
    this.#width = width
  }

  async append(block: Float32Array): Promise<void> {
    this.#blocks.push(block)
  }

  read(row: number, into: Float32Array, start: number): void {
    const perBlock = this.#blocks[0]!.length / this.#width
    const block = this.#blocks[Math.floor(row / perBlock)]!
    const first = (row % perBlock) * this.#width
    into.set(block.subarray(first, first + this.#width), start)
  }

  async dispose(): Promise<void> {
    this.#blocks.length = 0
  }
}

/**
 * Rows in a file of raw numbers. The file loses its name as soon as it is open, so that nothing is left of it
 * whatever ends the process; where a file system does not allow that, it is removed in the end.
 */
export class FileRows implements RowStore {
  readonly #bytes: number
  readonly #file: FileHandle
  readonly #folder: string
  readonly #parent: string
  #end = 0

  private constructor(width: number, file: FileHandle, folder: string, parent: string) {
    this.#bytes = width * Float32Array.BYTES_PER_ELEMENT
    this.#file = file
    this.#folder = folder
    this.#parent = parent
  }

  /**
   * @param width the numbers of a row
   * @param parent the folder for the file; that of the system for temporary files if not given
   * @throws {InputError} when there can be no file
   */
  static async create(width: number, parent?: string): Promise<FileRows> {
    const folder = await makeFolder('m2l-bank-', parent)
    try {
      const file = await open(join(folder, 'rows.f32'), 'wx+', 0o600).catch(async (error: unknown) => {
        await removed(folder)
        throw error
      })
      await removed(folder)
      return new FileRows(width, file, folder, dirname(folder))
    } catch (error) {
      throw unusable(dirname(folder), error)
    }
  }

  async append(block: Float32Array): Promise<void> {
    const bytes = new Uint8Array(block.buffer, block.byteOffset, block.byteLength)
    try {
      for (let written = 0; written < bytes.length;) {
        const { bytesWritten } = await this.#file.write(bytes, written, bytes.length - written, this.#end)
        written += bytesWritten
        this.#end += bytesWritten
      }
    } catch (error) {
      throw unusable(this.#parent, error)
    }
  }

  read(row: number, into: Float32Array, start: number): void {
    const offset = into.byteOffset + start * Float32Array.BYTES_PER_ELEMENT
    const bytes = new Uint8Array(into.buffer, offset, this.#bytes)
    for (let done = 0; done < bytes.length;) {
      const count = readSync(this.#file.fd, bytes, done, bytes.length - done, row * this.#bytes + done)
      if (count === 0) throw new RangeError(`row ${row} is not in the file`)
      done += count
    }
  }

  async dispose(): Promise<void> {
    await this.#file.close()
    await removed(this.#folder)
  }
}

async function makeFolder(prefix: string, parent: string | undefined): Promise<string> {
  if (parent === undefined) return makeTemporaryFolder(prefix)
  return mkdtemp(join(parent, prefix)).catch((error: unknown) => {
    throw unusable(parent, error)
  })
}

async function removed(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true }).catch(() => {})
}

function unusable(folder: string, error: unknown): InputError {
  const reason = noRoomReason(error) ?? (error as Error).message
  return new InputError(
    `${folder}: the feature bank cannot be kept here: ${reason}; name another folder, allow the bank more memory, or evaluate without a bank`,
    { cause: error },
  )
}
