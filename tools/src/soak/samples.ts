import { readdirSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { tf } from '@m2l/engine'

/** What a process holds at one moment. */
export interface Sample {
  /** How much of the work was done: steps or episodes. */
  readonly done: number
  /** Resident memory. */
  readonly residentMib: number
  readonly tensors: number
  /** Open files, pipes and sockets. */
  readonly handles: number
}

/** Measures what this process holds, without what waits to be collected. */
export function sampleAt(done: number): Sample {
  collectGarbage()
  return {
    done,
    residentMib: process.memoryUsage().rss / 2 ** 20,
    tensors: tf.memory().numTensors,
    handles: readdirSync('/dev/fd').length,
  }
}

let collect: (() => void) | undefined

function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  collect ??= runInNewContext('gc') as () => void
  collect()
}

/** Medians of the second and of the last quarter of some work; the first quarter is for warming up. */
export interface Quarters {
  readonly second: Omit<Sample, 'done'>
  readonly last: Omit<Sample, 'done'>
  /**
   * Whether the last is not above the second: memory by more than a twentieth and 8 MiB, the others at all.
   */
  readonly flat: boolean
}

/** @param samples at least four, in the order in which they were taken */
export function quartersOf(samples: readonly Sample[]): Quarters {
  const quarter = Math.floor(samples.length / 4)
  const second = mediansOf(samples.slice(quarter, 2 * quarter))
  const last = mediansOf(samples.slice(-quarter))
  const flat =
    last.residentMib <= second.residentMib * 1.05 + 8 &&
    last.tensors <= second.tensors &&
    last.handles <= second.handles
  return { second, last, flat }
}

function mediansOf(samples: readonly Sample[]): Omit<Sample, 'done'> {
  const median = (field: 'residentMib' | 'tensors' | 'handles') => {
    const values = samples.map((sample) => sample[field]).sort((a, b) => a - b)
    return values[Math.floor(values.length / 2)]!
  }
  return { residentMib: median('residentMib'), tensors: median('tensors'), handles: median('handles') }
}
