import { PickleError } from './pickle-error.js'

/** What the values of a pickle may take, counted by a cautious estimate of what they take in V8. */
export class MemoryBudget {
  readonly #limit: number
  #left: number

  /** @param limit in bytes */
  constructor(limit: number) {
    this.#limit = limit
    this.#left = limit
  }

  /** @throws PickleError when the values take more than the limit */
  charge(bytes: number): void {
    this.#left -= bytes
    if (this.#left < 0) throw new PickleError(`its values take more than ${this.#limit} bytes of memory`)
  }
}

/** In bytes, what V8 takes for each kind of value besides its content. */
export const costs = {
  /** A place on the stack or in a list, with room to grow, and a number in it. */
  place: 32,
  tuple: 32,
  /** The least that a list takes once something is in it. */
  list: 192,
  /** A dict or set, empty. */
  table: 200,
  /** An entry of a dict, with room to grow. */
  entry: 72,
  /** A text or a number of many digits. */
  text: 32,
  /** An object that stands for bytes. */
  bytes: 184,
  /** Any other object. */
  object: 128,
} as const
