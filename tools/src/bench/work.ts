/** What a work computes in; `u8` are the levels of pictures. */
export type Precision = 'f32' | 'bf16' | 'u8'

/** How the peer may run: operation by operation, through `torch.compile`, or its network in ONNX Runtime. */
export type PeerWay = 'eager' | 'compiled' | 'onnxruntime'

interface Work {
  readonly precisions: readonly Precision[]
  /** What a measurement is: `seconds` a repetition, less is better; or a rate per second, more is better. */
  readonly unit: 'seconds' | 'images/s' | 'episodes/s'
  /**
   * Where pictures come from: a data folder, or a folder of photographs made for the work; made of nothing
   * where not told.
   */
  readonly pictures?: 'folder' | 'generated'
  readonly peerWays: readonly PeerWay[]
  /** How many images a repetition is, where the peer may tell its seconds only. */
  readonly imagesEach?: number
}

const learned = { precisions: ['f32', 'bf16'], unit: 'seconds', peerWays: ['eager', 'compiled'] } as const
const lite = {
  precisions: ['f32'],
  unit: 'images/s',
  peerWays: ['eager', 'compiled', 'onnxruntime'],
} as const

/** The works of the benchmark. */
export const works: Readonly<Record<WorkName, Work>> = {
  'r12-train': learned,
  'r12-infer': learned,
  'm2l-conv84': learned,
  'm2l-r12-32': learned,
  'lite0-embed': { ...lite, imagesEach: 32 },
  'lite0-embed-decode': { ...lite, pictures: 'generated' },
  images: { precisions: ['u8'], unit: 'images/s', pictures: 'folder', peerWays: ['eager'] },
  eval: { precisions: ['f32'], unit: 'episodes/s', pictures: 'folder', peerWays: ['eager'] },
}

/** The name of a work. */
export type WorkName =
  | 'r12-train'
  | 'r12-infer'
  | 'm2l-conv84'
  | 'm2l-r12-32'
  | 'lite0-embed'
  | 'lite0-embed-decode'
  | 'images'
  | 'eval'

/** The names of all works, in the order in which they are measured. */
export const workNames = Object.keys(works) as readonly WorkName[]

/** The precisions that a work is measured in. */
export function precisionsOf(name: WorkName): readonly Precision[] {
  return works[name].precisions
}

/** Whether a work reads pictures of a data folder. */
export function needsData(name: WorkName): boolean {
  return works[name].pictures === 'folder'
}

/** What one process of ours measures. */
export interface Job {
  readonly work: WorkName
  readonly precision: Precision
  readonly repeats: number
  readonly threads: number
  /** A folder of class folders, or of generated photographs. */
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
