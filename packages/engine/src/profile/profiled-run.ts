import type { MemorySample } from './memory-samples.js'
import type { SpanDetails } from './span.js'

/** A stretch of time; in microseconds since the profile began. */
export interface ProfiledSpan {
  readonly name: string
  readonly track: string
  readonly start: number
  end: number
  details: SpanDetails
  /** Whether it is there only because of the profile. */
  readonly isOverhead: boolean
}

/** An operation of a graph, as it was run by itself in a replay; times as in {@link ProfiledSpan}. */
export interface ProfiledOperation {
  /** The graph function's name. */
  readonly graph: string
  /** TensorFlow's operation, for example `Conv2D`. */
  readonly operation: string
  /** The node of the graph. */
  readonly node: string
  readonly start: number
  readonly end: number
  /** `forward` or `backward` where gradients are taken, then the spans in which it was called. */
  readonly scopes: readonly string[]
  /** The layer whose parameters it reads or whose gradient it computes, as far as that is known. */
  readonly layer?: string
  /** Types and shapes, for example `float32 [2,84,84,3]`. */
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  /** Multiplications and additions of convolutions and matrix products, by their shapes. */
  readonly flops?: number
  /** What it reads and writes, as if nothing were cached. */
  readonly bytes: number
}

/** All that a profile has taken down. */
export interface ProfiledRun {
  /** Microseconds from beginning to end. */
  readonly end: number
  readonly spans: readonly ProfiledSpan[]
  /** The operations of each replay, in order. */
  readonly replays: readonly (readonly ProfiledOperation[])[]
  readonly samples: readonly MemorySample[]
  /** The most spans and operations that are kept. */
  readonly limit: number
  /** How many came after that. */
  readonly dropped: number
  /** When the first was dropped; undefined if none was. */
  readonly fullAt: number | undefined
}

/** Tracks that have a meaning. */
export const tracks = { loop: 'loop', operations: 'operations (replay)' } as const

/** The name of spans in which a call is replayed, which only the profile does. */
export const replayName = 'replay, for the profile alone'
