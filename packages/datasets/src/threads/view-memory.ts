/** Memory that is kept while nobody uses it. */
const mostKeptBytes = 2 ** 29

/**
 * Memory for the values of views, used again and again: fresh memory for every batch would be cleared by the
 * system and collected as garbage at the price of rendering itself. All threads see it.
 */
export class ViewMemory {
  /** By length, those longest unused first. */
  readonly #free = new Map<number, Float32Array[]>()
  #keptBytes = 0

  /** Memory for so many values, with any content. */
  take(length: number): Float32Array {
    const kept = this.#free.get(length)?.pop()
    if (!kept) return new Float32Array(new SharedArrayBuffer(length * Float32Array.BYTES_PER_ELEMENT))
    this.#keptBytes -= kept.byteLength
    return kept
  }

  /** Takes back memory that nobody looks at any more. */
  giveBack(values: Float32Array): void {
    const free = this.#free.get(values.length) ?? []
    this.#free.delete(values.length)
    this.#free.set(values.length, free)
    free.push(values)
    this.#keptBytes += values.byteLength
    for (const [length, unused] of this.#free) {
      while (this.#keptBytes > mostKeptBytes && unused.length > 0) this.#keptBytes -= unused.pop()!.byteLength
      if (unused.length === 0) this.#free.delete(length)
    }
  }
}
