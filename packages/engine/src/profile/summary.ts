import { inLanes, ownTimes } from './lanes.js'
import { tracks, type ProfiledOperation, type ProfiledRun, type ProfiledSpan } from './profiled-run.js'

/** Where the time of a profiled run went. Seconds leave out what only the profile did. */
export interface ProfileSummary {
  readonly seconds: number
  /** What the profile itself added by replays. */
  readonly replaySeconds: number
  /** The spans of the loop by name, without those within them; with the rest they add up to `seconds`. */
  readonly phases: readonly PhaseSummary[]
  /** Spans of other tracks, which went on beside the loop. */
  readonly beside: readonly PhaseSummary[]
  /** Graphs whose operations were measured. */
  readonly graphs: readonly GraphSummary[]
  /** Kinds of operations, those first that cost the run most. */
  readonly operations: readonly OperationSummary[]
  /** Spans, operations and samples of memory beyond the profile's limit. */
  readonly dropped: number
}

export interface PhaseSummary {
  readonly name: string
  readonly calls: number
  readonly seconds: number
  /** Of the run's seconds, as a fraction of 1. */
  readonly share: number
}

export interface GraphSummary {
  readonly name: string
  /** Calls without the first of each graph. */
  readonly calls: number
  /** The mean of these calls, as one graph. */
  readonly secondsACall: number
  readonly replays: number
  /** The mean sum of the operations of a call, one by one. */
  readonly secondsAReplay: number
}

/** The operations of a graph that share name, layer and pass. */
export interface OperationSummary {
  readonly graph: string
  readonly operation: string
  readonly layer?: string
  /** `forward`, `backward` or the outermost span, where known. */
  readonly pass?: string
  /** How many of them are in a call. */
  readonly count: number
  /** In a replayed call. */
  readonly seconds: number
  /** Of all operations of a replayed call, as a fraction of 1. */
  readonly share: number
  /** Of a replayed call, where it is known. */
  readonly flops?: number
}

/** Sums up a profiled run. */
export function summaryOf(run: ProfiledRun): ProfileSummary {
  const replaySeconds = seconds(run.spans.filter(({ isOverhead }) => isOverhead))
  const total = run.end / 1e6 - replaySeconds
  const onLoop = run.spans.filter(({ track }) => track === tracks.loop)
  const loop = inLanes(onLoop).flatMap((lane) => [...ownTimes(lane)])
  const measured = loop.filter(([span]) => !span.isOverhead)
  const phases = phasesOf(measured, total)
  const rest = total - phases.reduce((sum, phase) => sum + phase.seconds, 0)
  const beside = run.spans.filter(({ track }) => track !== tracks.loop)
  const graphs = graphsOf(run, onLoop)
  return {
    seconds: total,
    replaySeconds,
    phases: [
      ...phases,
      { name: 'other', calls: 1, seconds: Math.max(0, rest), share: Math.max(0, rest) / total },
    ],
    beside: phasesOf(
      beside.map((span) => [span, span.end - span.start]),
      total,
    ),
    graphs,
    operations: graphs
      .flatMap((graph) => operationsOf(run, graph).map((operation) => ({ graph, operation })))
      .sort((a, b) => weight(b) - weight(a))
      .map(({ operation }) => operation),
    dropped: run.dropped,
  }
}

/** What an operation costs the run, as far as a call of the graph is divided as its replay. */
function weight({ graph, operation }: { graph: GraphSummary; operation: OperationSummary }): number {
  return operation.share * graph.calls * graph.secondsACall
}

function phasesOf(times: readonly (readonly [ProfiledSpan, number])[], total: number): PhaseSummary[] {
  return [...groupedBy(times, ([{ name }]) => name)]
    .map(([name, ofName]) => {
      const spent = ofName.reduce((sum, [, time]) => sum + time, 0) / 1e6
      return { name, calls: ofName.length, seconds: spent, share: spent / total }
    })
    .sort((a, b) => b.seconds - a.seconds)
}

function graphsOf({ replays }: ProfiledRun, spans: readonly ProfiledSpan[]): GraphSummary[] {
  return [...groupedBy(replays, ([first]) => first!.graph)].map(([name, ofGraph]) => {
    const calls = spans.filter((span) => span.name === name)
    return {
      name,
      calls: calls.length,
      secondsACall: seconds(calls) / Math.max(1, calls.length),
      replays: ofGraph.length,
      secondsAReplay: seconds(ofGraph.flat()) / ofGraph.length,
    }
  })
}

function operationsOf(
  { replays }: ProfiledRun,
  { name, replays: count, secondsAReplay }: GraphSummary,
): OperationSummary[] {
  const ofGraph = replays.flat().filter(({ graph }) => graph === name)
  const kind = ({ operation, layer, scopes: [pass] }: ProfiledOperation) =>
    [operation, layer, pass].join('\n')
  return [...groupedBy(ofGraph, kind).values()].map((alike) => {
    const { operation, layer, scopes } = alike[0]!
    const spent = seconds(alike) / count
    const flops = alike.reduce((sum, each) => sum + (each.flops ?? 0), 0) / count
    return {
      graph: name,
      operation,
      ...(layer !== undefined && { layer }),
      ...(scopes[0] !== undefined && { pass: scopes[0] }),
      count: alike.length / count,
      seconds: spent,
      share: spent / secondsAReplay,
      ...(flops > 0 && { flops }),
    }
  })
}

function seconds(times: readonly { readonly start: number; readonly end: number }[]): number {
  return times.reduce((sum, { start, end }) => sum + (end - start), 0) / 1e6
}

function groupedBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>()
  for (const item of items) {
    const key = keyOf(item)
    const group = groups.get(key)
    if (group) group.push(item)
    else groups.set(key, [item])
  }
  return groups
}
