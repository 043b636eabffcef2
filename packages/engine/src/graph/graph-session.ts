import type { RandomKey } from '../random-key.js'
import type { NamedTensors } from './named-tensors.js'
import type { Recording } from './recording.js'

/** A recording as a graph that a native engine runs. */
export interface GraphSession {
  readonly recording: Recording
  /** Runs the graph, assigns the variables that it changes and returns its outputs. */
  run(inputs: NamedTensors, key: RandomKey | undefined): NamedTensors
  dispose(): void
}

/** @throws {GraphFault} when the engine does not take the graph */
export type OpenSession = (recording: Recording) => GraphSession

/** The engine does not take a graph, or fails while it runs. */
export class GraphFault extends Error {}

let open: OpenSession | undefined

/** Says how the engine that computes opens graphs. */
export function useSessions(openSession: OpenSession): void {
  open = openSession
}

/** How the engine that computes opens graphs; undefined where it has none. */
export function sessionOpener(): OpenSession | undefined {
  return open
}
