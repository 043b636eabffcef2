import type { Progress } from '@m2l/m2l'

/** The first steps trace graphs and fill caches, and are not counted. */
const warmUp = 5

/** Times training steps by the progress that is reported after each; what lies between epochs does not count. */
export class StepClock {
  #last: { readonly progress: Progress; readonly at: number } | undefined
  #steps = 0
  #counted = 0
  #seconds = 0
  #perEpoch = 0

  /** Takes a report, at a time in seconds. */
  report(progress: Progress, at: number): void {
    if (progress.epoch === undefined) return
    const before = this.#last
    this.#last = { progress, at }
    this.#perEpoch = progress.total
    const goesOn = before?.progress.epoch === progress.epoch && before.progress.done < progress.done
    if (!goesOn) return
    this.#steps++
    if (this.#steps <= warmUp) return
    this.#counted++
    this.#seconds += at - before.at
  }

  /** Steps that were timed. */
  get counted(): number {
    return this.#counted
  }

  get secondsPerStep(): number {
    return this.#seconds / this.#counted
  }

  /** Batches or episodes of an epoch. */
  get perEpoch(): number {
    return this.#perEpoch
  }
}
