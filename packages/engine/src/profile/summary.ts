import { inLanes, ownTimes } from './lanes.js'
import { tracks, type ProfiledOperation, type ProfiledRun, type ProfiledSpan } from './profiled-run.js'

/**
 * Where the time of a profiled run went, up to the moment where the profile was full. Seconds leave out its
 * replays.
 */
export interface ProfileSummary {
  readonly seconds: number
  /** What the profile itself added by replays. */
  readonly replaySeconds: number
  /**
   * The spans of the loop by name, without those within them; `other` is the rest, so that they add up to
   * `seconds`.
   */
  readonly phases: readonly PhaseSummary[]
  /** Spans of other tracks, which went on beside the loop. */
  readonly beside: readonly PhaseSummary[]
  /** Graphs whose operations were measured. */
  readonly graphs: readonly GraphSummary[]
  /** Kinds of operations, those first that cost the run most. */
  readonly operations: readonly OperationSummary[]
  /** Spans and operations that came when the profile was full. */
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
  /** The median over replays of what the operations of a call take one by one. */
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
  /** In a replayed call, the median. */
  readonly seconds: number
  /** Of all operations of a replayed call, as a fraction of 1. */
  readonly share: number
  /** Of a replayed call, where it is known. */
  readonly flops?: number
}

/** Sums up a profiled run, as far as it was taken down. */
export function summaryOf({ end, fullAt, spans, replays, dropped }: ProfiledRun): ProfileSummary {
  const until = fullAt ?? end
  const kept = spans.map((span) => ({ ...span, end: Math.min(span.end, until) }))
  const [onLoop, beside] = [true, false].map((isOnLoop) =>
    kept.filter(({ track }) => (track === tracks.loop) === isOnLoop),
  ) as [ProfiledSpan[], ProfiledSpan[]]
  const replaySeconds = seconds(kept.filter(({ isOverhead }) => isOverhead))
  const total = until / 1e6 - replaySeconds
  const own = inLanes(onLoop)
    .flatMap((lane) => [...ownTimes(lane)])
    .filter(([{ isOverhead }]) => !isOverhead)
  const phases = phasesOf(own, total)
  const rest = Math.max(0, total - phases.reduce((sum, phase) => sum + phase.seconds, 0))
  const whole = beside.map((span) => [span, span.end - span.start] as const)
  const graphs = graphsOf(replays, onLoop)
  return {
    seconds: total,
    replaySeconds,
    phases: [...phases, { name: 'other', calls: 1, seconds: rest, share: rest / total }],
    beside: phasesOf(whole, total),
    graphs: graphs.map(({ graph }) => graph),
    operations: graphs
      .flatMap(({ graph, runs }) => operationsOf(graph, runs).map((operation) => ({ graph, operation })))
      .sort((a, b) => weight(b) - weight(a))
      .map(({ operation }) => operation),
    dropped,
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

type Replays = ProfiledRun['replays']

function graphsOf(
  replays: Replays,
  spans: readonly ProfiledSpan[],
): { readonly graph: GraphSummary; readonly runs: Replays }[] {
  return [...groupedBy(replays, ([first]) => first!.graph)].map(([name, runs]) => {
    const calls = spans.filter((span) => span.name === name)
    const graph = {
      name,
      calls: calls.length,
      secondsACall: seconds(calls) / Math.max(1, calls.length),
      replays: runs.length,
      secondsAReplay: median(runs.map(seconds)),
    }
    return { graph, runs }
  })
}

function operationsOf({ name, secondsAReplay }: GraphSummary, runs: Replays): OperationSummary[] {
  const kind = ({ operation, layer, scopes: [pass] }: ProfiledOperation) =>
    [operation, layer, pass].join('\n')
  return [...groupedBy(runs.flat(), kind)].map(([key, alike]) => {
    const { operation, layer, scopes } = alike[0]!
    const spent = median(runs.map((run) => seconds(run.filter((each) => kind(each) === key))))
    const flops = alike.reduce((sum, each) => sum + (each.flops ?? 0), 0) / runs.length
    return {
      graph: name,
      operation,
      ...(layer !== undefined && { layer }),
      ...(scopes[0] !== undefined && { pass: scopes[0] }),
      count: alike.length / runs.length,
      seconds: spent,
      share: spent / secondsAReplay,
      ...(flops > 0 && { flops }),
    }
  })
}

/** Replays are few, and other programs disturb some of them. */
function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return (sorted[Math.floor((sorted.length - 1) / 2)]! + sorted[Math.floor(sorted.length / 2)]!) / 2
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
