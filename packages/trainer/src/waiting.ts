/** Times of training in this process, in milliseconds. */
export class WaitingTimes {
  readonly #now: () => number
  #waited = 0
  #total = 0

  /** @param now tells the time, in milliseconds. */
  constructor(now = () => performance.now()) {
    this.#now = now
  }

  /** The share of the time in which the engine waited for pictures, from 0 to 1. */
  get share(): number {
    return this.#total > 0 ? this.#waited / this.#total : 0
  }

  /** The batches as they come; the time until each is there counts as waiting, the time until the next is asked for as work. */
  async *measured<Batch>(batches: AsyncIterable<Batch>): AsyncGenerator<Batch> {
    let asked = this.#now()
    for await (const batch of batches) {
      const came = this.#now()
      this.#waited += came - asked
      this.#total += came - asked
      yield batch
      asked = this.#now()
      this.#total += asked - came
    }
  }

  /** Adds the times of another part of the training. */
  add(other: WaitingTimes): void {
    this.#waited += other.#waited
    this.#total += other.#total
  }
}
