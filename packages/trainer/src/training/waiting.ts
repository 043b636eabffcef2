/** Times of training in this process, in milliseconds. */
export class WaitingTimes {
  readonly #now: () => number
  #waited = 0
  #worked = 0
  /** When the batch at work came. */
  #workingSince: number | undefined

  /** @param now tells the time, in milliseconds. */
  constructor(now = () => performance.now()) {
    this.#now = now
  }

  /** The share of the time in which the engine waited for pictures, from 0 to 1. */
  get share(): number {
    const total = this.#waited + this.#workedSoFar
    return total > 0 ? this.#waited / total : 0
  }

  /**
   * The batches as they come; the time until each is there counts as waiting, the time until the next is
   * asked for as work.
   */
  async *measured<Batch>(batches: AsyncIterable<Batch>): AsyncGenerator<Batch> {
    let asked = this.#now()
    for await (const batch of batches) {
      this.#workingSince = this.#now()
      this.#waited += this.#workingSince - asked
      yield batch
      this.#worked = this.#workedSoFar
      this.#workingSince = undefined
      asked = this.#now()
    }
  }

  /** Adds the times of another part of the training. */
  add(other: WaitingTimes): void {
    this.#waited += other.#waited
    this.#worked += other.#workedSoFar
  }

  get #workedSoFar(): number {
    return this.#worked + (this.#workingSince === undefined ? 0 : this.#now() - this.#workingSince)
  }
}
