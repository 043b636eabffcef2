/** What a work computes in; `u8` are the levels of pictures. */
export type Precision = 'f32' | 'bf16' | 'u8'

interface Work {
  readonly precisions: readonly Precision[]
  /** What a measurement is: `seconds` a repetition, less is better; or a rate per second, more is better. */
  readonly unit: 'seconds' | 'images/s' | 'episodes/s'
}

const learned = { precisions: ['f32', 'bf16'], unit: 'seconds' } as const

/** The works of the benchmark. Those measured by a rate read pictures and need a data folder. */
export const works = {
  'r12-train': learned,
  'r12-infer': learned,
  'm2l-conv84': learned,
  'm2l-r12-32': learned,
  images: { precisions: ['u8'], unit: 'images/s' },
  eval: { precisions: ['f32'], unit: 'episodes/s' },
} as const satisfies Readonly<Record<string, Work>>

/** The name of a work. */
export type WorkName = keyof typeof works

/** The names of all works, in the order in which they are measured. */
export const workNames = Object.keys(works) as readonly WorkName[]

/** The precisions that a work is measured in. */
export function precisionsOf(name: WorkName): readonly Precision[] {
  return works[name].precisions
}

/** Whether a work reads pictures of a data folder. */
export function needsData(name: WorkName): boolean {
  return works[name].unit !== 'seconds'
}

/** What one process of ours measures. */
export interface Job {
  readonly work: WorkName
  readonly precision: Precision
  readonly repeats: number
  readonly threads: number
  /** A folder of class folders. */
  readonly data?: string
  /** Whether to compute a tiny instance of the work, which only shows that it runs. */
  readonly quick: boolean
}

/** What a process measured. */
export interface Measurement {
  /** Of each repetition, in the work's unit. */
  readonly values: readonly number[]
  /** The most memory that was resident. */
  readonly peakMib: number
}
