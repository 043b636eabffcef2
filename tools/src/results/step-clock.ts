import type { Progress } from '@m2l/m2l'

/**
 * A time on the clock on the wall, and on that of all threads of the process, which other processes slow down
 * less.
 */
export interface Instant {
  readonly seconds: number
  readonly cpuSeconds: number
}

/** Now. */
export function instant(): Instant {
  const { user, system } = process.cpuUsage()
  return { seconds: performance.now() / 1000, cpuSeconds: (user + system) / 1e6 }
}

/** The first steps trace graphs and fill caches, and are not counted. */
const warmUp = 5

/**
 * Times training steps by the progress that is reported after each; what lies between epochs does not count.
 */
export class StepClock {
  #last: { readonly progress: Progress; readonly at: Instant } | undefined
  #steps = 0
  #counted = 0
  #seconds = 0
  #cpuSeconds = 0
  #perEpoch = 0

  /** Takes a report, at a time. */
  report(progress: Progress, at: Instant): void {
    if (progress.epoch === undefined) return
    const before = this.#last
    this.#last = { progress, at }
    this.#perEpoch = progress.total
    const goesOn = before?.progress.epoch === progress.epoch && before.progress.done < progress.done
    if (!goesOn) return
    this.#steps++
    if (this.#steps <= warmUp) return
    this.#counted++
    this.#seconds += at.seconds - before.at.seconds
    this.#cpuSeconds += at.cpuSeconds - before.at.cpuSeconds
  }

  /** Steps that were timed. */
  get counted(): number {
    return this.#counted
  }

  get secondsPerStep(): number {
    return this.#seconds / this.#counted
  }

  get cpuSecondsPerStep(): number {
    return this.#cpuSeconds / this.#counted
  }

  /** Batches or episodes of an epoch. */
  get perEpoch(): number {
    return this.#perEpoch
  }
}
