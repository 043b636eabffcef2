import { LRUCache } from 'lru-cache'
import type { RgbImage } from '@m2l/pictures'

/** What an entry takes besides its pixels, roughly. */
const entryBytes = 256

/**
 * Keeps the pictures read last, up to a number of bytes; two readers of one picture at a time share one
 * decoding.
 */
export class ImageCache {
  readonly #kept: LRUCache<string, RgbImage> | undefined
  readonly #underway = new Map<string, Promise<RgbImage>>()
  readonly #decode: (id: string) => Promise<RgbImage>

  /** @param maxBytes Bytes of pixels to keep; 0 keeps none. */
  constructor(maxBytes: number, decode: (id: string) => Promise<RgbImage>) {
    this.#decode = decode
    if (maxBytes > 0) {
      const sizeCalculation = ({ data }: RgbImage): number => data.length + entryBytes
      this.#kept = new LRUCache({ maxSize: maxBytes, sizeCalculation })
    }
  }

  async read(id: string): Promise<RgbImage> {
    const kept = this.#kept?.get(id) ?? this.#underway.get(id)
    if (kept) return kept
    const decoding = this.#decode(id)
    this.#underway.set(id, decoding)
    try {
      const image = await decoding
      this.#kept?.set(id, image)
      return image
    } finally {
      this.#underway.delete(id)
    }
  }

  clear(): void {
    this.#kept?.clear()
  }
}
