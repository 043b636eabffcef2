import { inLanes } from './lanes.js'
import type { MemorySample } from './memory-samples.js'
import { tracks, type ProfiledOperation, type ProfiledRun } from './profiled-run.js'

/**
 * An event of Chrome's trace format ("Trace Event Format", Google, 2016): `X` a span, `C` values of counters,
 * `M` a name, `i` a moment. Times are whole microseconds.
 */
export interface TraceEvent {
  readonly name: string
  readonly ph: 'X' | 'C' | 'M' | 'i'
  readonly pid: number
  readonly tid: number
  readonly ts?: number
  readonly dur?: number
  readonly cat?: string
  /** The scope of a moment: all of the trace. */
  readonly s?: 'g'
  readonly args?: Readonly<Record<string, unknown>>
}

/** What `chrome://tracing` and Perfetto open. */
export interface Trace {
  readonly traceEvents: readonly TraceEvent[]
  readonly displayTimeUnit: 'ms'
  readonly otherData: Readonly<Record<string, string>>
}

/** A profiled run as a trace; spans that overlap on a track share it out among several rows. */
export function traceOf(run: ProfiledRun): Trace {
  const threads = [...slicesByTrack(run)].flatMap(([track, slices]) =>
    inLanes(slices).map((lane, index) => ({ name: index === 0 ? track : `${track} ${index + 1}`, lane })),
  )
  return {
    traceEvents: [
      named('process_name', 0, { name: 'm2l' }),
      ...threads.flatMap(({ name, lane }, index) => [
        named('thread_name', index + 1, { name }),
        named('thread_sort_index', index + 1, { sort_index: index + 1 }),
        ...lane.map((slice) => spanEvent(slice, index + 1)),
      ]),
      ...run.samples.flatMap(({ time, memory, tensors }) => [
        ...(memory ? [memoryCounter(time, memory)] : []),
        counter('tensors', time, { tensors }),
      ]),
      ...(run.fullAt === undefined ? [] : [fullNotice(run, run.fullAt)]),
    ],
    displayTimeUnit: 'ms',
    otherData: {
      replay:
        `spans on the track "${tracks.operations}" are of calls that were run operation by operation for the profile, ` +
        "without TensorFlow's optimisation of graphs; they lie within spans of category overhead",
      limit: `${run.limit} spans and operations; ${run.dropped} more were dropped`,
    },
  }
}

interface Slice {
  readonly name: string
  readonly category: 'span' | 'overhead' | 'scope' | 'operation'
  readonly start: number
  readonly end: number
  readonly args: Readonly<Record<string, unknown>>
}

function slicesByTrack({ spans, replays }: ProfiledRun): Map<string, Slice[]> {
  const byTrack = new Map<string, Slice[]>([[tracks.loop, []]])
  for (const { name, track, start, end, details, isOverhead } of spans) {
    const slices = byTrack.get(track) ?? []
    byTrack.set(track, slices)
    slices.push({ name, category: isOverhead ? 'overhead' : 'span', start, end, args: details })
  }
  const ofReplays = replays.flatMap((operations) => replaySlices(operations))
  if (ofReplays.length > 0) byTrack.set(tracks.operations, ofReplays)
  return byTrack
}

/** The operations of a replay below the scopes that neighbours have in common, and below the graph's name. */
function replaySlices(operations: readonly ProfiledOperation[]): Slice[] {
  const { graph } = operations[0]!
  const args = { operations: operations.length, replay: true }
  return [covering(graph, operations, args), ...within(operations, 0)]
}

function within(operations: readonly ProfiledOperation[], depth: number): Slice[] {
  const slices: Slice[] = []
  for (let first = 0; first < operations.length;) {
    const scope = operations[first]!.scopes[depth]
    let end = first + 1
    if (scope === undefined) slices.push(operationSlice(operations[first]!))
    else {
      while (end < operations.length && operations[end]!.scopes[depth] === scope) end++
      const group = operations.slice(first, end)
      slices.push(covering(scope, group, {}), ...within(group, depth + 1))
    }
    first = end
  }
  return slices
}

function covering(name: string, operations: readonly ProfiledOperation[], args: Slice['args']): Slice {
  return { name, category: 'scope', start: operations[0]!.start, end: operations.at(-1)!.end, args }
}

function operationSlice({ start, end, layer, flops, bytes, ...operation }: ProfiledOperation): Slice {
  const seconds = (end - start) / 1e6
  return {
    name: layer === undefined ? operation.operation : `${operation.operation} ${layer}`,
    category: 'operation',
    start,
    end,
    args: {
      operation: operation.operation,
      node: operation.node,
      pass: operation.scopes.join(' / '),
      ...(layer !== undefined && { layer }),
      inputs: operation.inputs,
      outputs: operation.outputs,
      MiB: rounded(mebibytes(bytes)),
      'GiB/s': rounded(mebibytes(bytes) / 1024 / seconds),
      ...(flops !== undefined && { GFLOP: rounded(flops / 1e9), 'GFLOP/s': rounded(flops / 1e9 / seconds) }),
    },
  }
}

/** Both ends are rounded, so that what lay within still does. */
function spanEvent({ name, category, start, end, args }: Slice, tid: number): TraceEvent {
  const ts = Math.round(start)
  return { name, ph: 'X', cat: category, pid: 1, tid, ts, dur: Math.round(end) - ts, args }
}

function memoryCounter(
  time: number,
  { residentBytes, peakBytes }: NonNullable<MemorySample['memory']>,
): TraceEvent {
  return counter('memory (MiB)', time, { resident: mebibytes(residentBytes), peak: mebibytes(peakBytes) })
}

function counter(name: string, time: number, args: Readonly<Record<string, number>>): TraceEvent {
  return { name, ph: 'C', pid: 1, tid: 0, ts: Math.round(time), args }
}

function named(name: string, tid: number, args: Readonly<Record<string, unknown>>): TraceEvent {
  return { name, ph: 'M', pid: 1, tid, args }
}

function fullNotice({ limit, dropped }: ProfiledRun, at: number): TraceEvent {
  const name = `the limit of ${limit} spans and operations was reached here; ${dropped} were dropped`
  return { name, ph: 'i', pid: 1, tid: 0, ts: Math.round(at), s: 'g' }
}

function mebibytes(bytes: number): number {
  return rounded(bytes / 2 ** 20)
}

function rounded(value: number): number {
  return Number.isFinite(value) ? Number(value.toPrecision(4)) : 0
}
