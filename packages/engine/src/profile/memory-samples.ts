import { processMemory } from '#host'
import { tf } from '../tensorflow.js'

/** The memory in use at a moment. */
export interface MemorySample {
  /** Microseconds since the profile began. */
  readonly time: number
  /** Of the process, where the runtime tells. */
  readonly memory: ReturnType<typeof processMemory>
  readonly tensors: number
}

const most = 4096

/** Memory over time: every 20 ms at first, half as often whenever there are 4096 samples. */
export class MemorySamples {
  #samples: MemorySample[] = []
  #microsecondsApart = 20_000

  /** Takes a sample if the last one is long enough ago. */
  take(time: number): void {
    const last = this.#samples.at(-1)
    if (last && time - last.time < this.#microsecondsApart) return
    this.#samples.push({
      time,
      memory: processMemory(),
      tensors: tf.memory().numTensors,
    })
    if (this.#samples.length < most) return
    this.#samples = this.#samples.filter((_, index) => index % 2 === 0)
    this.#microsecondsApart *= 2
  }

  get all(): readonly MemorySample[] {
    return this.#samples
  }
}
