import type { ByteSource } from './byte-source.js'

const windowBytes = 1 << 18

/** Reads small neighbouring pieces of a source in large strides. */
export class ReadAhead {
  readonly #source: ByteSource
  #window: Buffer = Buffer.alloc(0)
  #start = 0

  constructor(source: ByteSource) {
    this.#source = source
  }

  /** The bytes where the current stride holds them, without waiting. */
  peek(offset: number, length: number): Buffer | undefined {
    const from = offset - this.#start
    return from >= 0 && from + length <= this.#window.length
      ? this.#window.subarray(from, from + length)
      : undefined
  }

  /** The bytes, after another stride where needed. @throws InputError when they reach beyond the end. */
  async read(offset: number, length: number): Promise<Buffer> {
    if (!this.peek(offset, length)) {
      const stride = Math.max(length, Math.min(windowBytes, this.#source.size - offset))
      this.#window = await this.#source.read(offset, stride)
      this.#start = offset
    }
    return this.peek(offset, length)!
  }
}
