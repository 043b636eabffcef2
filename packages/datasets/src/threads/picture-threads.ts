import { readFile } from 'node:fs'
import { availableParallelism } from 'node:os'
import { promisify } from 'node:util'
import { InputError } from '@m2l/engine'
import { Tinypool } from 'tinypool'
import type { RgbImage, View } from '@m2l/pictures'
import { checkedLayout, type RenderedViews, renderPixels } from '@m2l/pictures/pixels'
import {
  type Decoded,
  decodeAll,
  type DecodeWork,
  fingerprintAll,
  type PictureFile,
  type RenderWork,
  type RenderWorkInto,
} from './picture-work.js'
import { ViewMemory } from './view-memory.js'

/** The compiled file, also where this one runs from source. */
const threadFile = new URL('../../dist/threads/picture-thread.js', import.meta.url)

/**
 * Threads start once so many values were rendered without them, which takes about a second: a few times what
 * starting them costs, so that a load is never much dearer than the better of both ways, and small ones spare
 * the threads' memory.
 */
const startAfterValues = 2 ** 29

/** Decoding a picture counts as rendering so many values; so does keeping what tells it from others. */
const [valuesPerDecoding, valuesPerFingerprint] = [2 ** 16, 2 ** 18]

/** More threads than these wait for memory rather than compute. */
const mostThreads = 8

/** Reads on the system's threads, for less than half of what a file handle of `node:fs/promises` costs. */
const readBeside = promisify(readFile)

/** Milliseconds after which a thread without work ends. */
const idleTimeout = 10_000

/** Works that may wait in a thread while the main one, busy with the engine, hands out none. */
const worksPerThread = 64

/** Where pictures are decoded and views rendered: on threads beside the main one, or on the main one. */
export class PictureThreads {
  /** 0 for none. */
  readonly count: number
  #untilStart: number
  #pool: Tinypool | undefined
  readonly #memory = new ViewMemory()

  /**
   * @param count threads; with 0 everything is done on the calling thread.
   * @param startAfter values that are rendered on the calling thread before the others start.
   */
  constructor(count: number, startAfter: number = startAfterValues) {
    this.count = count
    this.#untilStart = startAfter
  }

  /** Reads and decodes pictures. */
  async decode(work: DecodeWork): Promise<readonly Decoded[]> {
    const pool = work.files.length > 1 ? this.#poolFor(work.files.length * valuesPerDecoding) : undefined
    if (!pool) return decodeAll(work, readBeside)
    const { files, transferList } = handedOver(work.files)
    return pool.run({ ...work, files }, { name: 'decode', transferList })
  }

  /** Reads pictures and keeps what tells them from others. */
  async fingerprint(work: DecodeWork): ReturnType<typeof fingerprintAll> {
    const pool = work.files.length > 0 ? this.#poolFor(work.files.length * valuesPerFingerprint) : undefined
    if (!pool) return fingerprintAll(work, readBeside)
    const { files, transferList } = handedOver(work.files)
    return pool.run({ ...work, files }, { name: 'fingerprint', transferList })
  }

  /**
   * Renders views; the same numbers wherever it happens.
   *
   * @throws {RangeError} as {@link renderPixels}.
   */
  async render(work: RenderWork): Promise<RenderedViews> {
    const { count, size, valuesPerView } = checkedLayout(work.images, work.views)
    const pool = this.#poolFor(count * valuesPerView + bytesSeen(work.views))
    const memory = this.#memory.take(count * valuesPerView)
    if (!pool) return renderPixels(work.images, work.views, work.options, memory)
    const { images, buffer } = inOneBuffer(work.images)
    const posted: RenderWorkInto = { ...work, images, memory }
    await pool.run(posted, { name: 'render', transferList: [buffer] })
    return { count, ...size, data: memory }
  }

  /** Takes back the memory of rendered views, for later ones; nobody may look at them any more. */
  release({ data }: RenderedViews): void {
    this.#memory.giveBack(data)
  }

  /** Ends the threads; they start again when needed. */
  async close(): Promise<void> {
    const pool = this.#pool
    this.#pool = undefined
    await pool?.destroy()
  }

  #poolFor(values: number): Tinypool | undefined {
    if (this.count === 0) return undefined
    if (!this.#pool && this.#untilStart > 0) {
      this.#untilStart -= values
      return undefined
    }
    this.#pool ??= new Tinypool({
      filename: threadFile.href,
      minThreads: 0,
      maxThreads: this.count,
      concurrentTasksPerWorker: worksPerThread,
      idleTimeout,
      execArgv: [],
    })
    return this.#pool
  }
}

/** Bytes of the windows that views show: a byte of them takes about as long as a value of the result. */
function bytesSeen(views: readonly (readonly View[])[]): number {
  let bytes = 0
  for (const ofImage of views) for (const { window } of ofImage) bytes += 3 * window.height * window.width
  return bytes
}

/** Picture files in memory that can change hands. */
function handedOver(given: readonly PictureFile[]) {
  const files = given.map((file) => (typeof file === 'string' ? file : new Uint8Array(file)))
  return { files, transferList: files.flatMap((file) => (typeof file === 'string' ? [] : [file.buffer])) }
}

/**
 * Copies of pictures in one buffer, which changes hands at once; a view of a larger buffer would be sent with
 * all of it.
 */
function inOneBuffer(images: readonly RgbImage[]): { images: RgbImage[]; buffer: ArrayBuffer } {
  const bytes = new Uint8Array(images.reduce((sum, { data }) => sum + data.length, 0))
  let end = 0
  const copies = images.map(({ width, height, data }) => {
    const start = end
    end += data.length
    bytes.set(data, start)
    return { width, height, data: bytes.subarray(start, end) }
  })
  return { images: copies, buffer: bytes.buffer }
}

let threads: PictureThreads | undefined

/**
 * The threads of this process: one per core, none where there is one core, started when there is work for
 * them. `M2L_PICTURE_THREADS` asks for so many from the first picture on.
 *
 * @throws {InputError} when that variable is not a whole number.
 */
export function pictureThreads(): PictureThreads {
  threads ??= threadsOfEnvironment()
  return threads
}

function threadsOfEnvironment(): PictureThreads {
  const given = process.env.M2L_PICTURE_THREADS
  if (given === undefined || given === '') {
    const cores = availableParallelism()
    return new PictureThreads(cores === 1 ? 0 : Math.min(cores, mostThreads))
  }
  if (!/^\d{1,3}$/.test(given)) {
    throw new InputError(`M2L_PICTURE_THREADS is ${given}; expected a whole number of threads, 0 for none`)
  }
  return new PictureThreads(Number(given), 0)
}
