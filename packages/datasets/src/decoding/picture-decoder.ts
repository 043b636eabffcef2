import { type DecodeOptions, pictureOrError, type RgbImage } from '@m2l/pictures'
import { unreadable } from '../sources/byte-source.js'
import type { FileTree } from '../sources/file-tree.js'
import { pictureThreads } from '../threads/picture-threads.js'
import type { Decoded, PictureFile } from '../threads/picture-work.js'

/**
 * Pictures that a thread decodes at once: enough to make messages cheap, few enough to busy several threads.
 */
const picturesPerWork = 16

interface Request {
  readonly file: string
  resolve(image: RgbImage): void
  reject(error: unknown): void
}

/**
 * Decodes the picture files of a tree; what is asked for in one turn of the event loop goes to the threads
 * together.
 */
export class PictureDecoder {
  readonly #tree: FileTree
  readonly #options: DecodeOptions
  #requests: Request[] = []
  readonly #underway = new Set<Promise<void>>()

  constructor(tree: FileTree, { transparency, maxPixels, reduceTo }: DecodeOptions) {
    this.#tree = tree
    this.#options = {
      ...(transparency && { transparency }),
      ...(maxPixels !== undefined && { maxPixels }),
      ...(reduceTo !== undefined && { reduceTo }),
    }
  }

  /** @throws {InputError} naming the file when it cannot be read or decoded. */
  decode(file: string): Promise<RgbImage> {
    return new Promise((resolve, reject) => {
      if (this.#requests.length === 0) setImmediate(() => this.#send())
      this.#requests.push({ file, resolve, reject })
    })
  }

  /** Waits for what is under way. */
  async settle(): Promise<void> {
    await Promise.all(this.#underway)
  }

  #send(): void {
    const requests = this.#requests
    this.#requests = []
    for (let start = 0; start < requests.length; start += picturesPerWork) {
      const some = requests.slice(start, start + picturesPerWork)
      const work = this.#decode(some)
        .catch((error: unknown) => {
          for (const { reject } of some) reject(error)
        })
        .finally(() => this.#underway.delete(work))
      this.#underway.add(work)
    }
  }

  async #decode(requests: readonly Request[]): Promise<void> {
    const files = await Promise.all(requests.map((request) => this.#file(request)))
    const readable = requests.filter((_, index) => files[index] !== undefined)
    const decoded = await pictureThreads().decode({
      files: files.filter((file) => file !== undefined),
      options: this.#options,
    })
    readable.forEach(({ file, resolve, reject }, index) => {
      try {
        resolve(this.#pictureOrError(decoded[index]!, file))
      } catch (error) {
        reject(error)
      }
    })
  }

  /** The path of a file, or its content where it has none; nothing after telling the request why. */
  async #file({ file, reject }: Request): Promise<PictureFile | undefined> {
    const { pathOf, read } = this.#tree
    return pathOf
      ? pathOf(file)
      : read(file).catch((error: unknown) => {
          reject(error)
          return undefined
        })
  }

  #pictureOrError(decoded: Decoded, file: string): RgbImage {
    const name = this.#tree.label(file)
    if ('message' in decoded) throw unreadable(name, decoded)
    return pictureOrError(decoded, name)
  }
}
