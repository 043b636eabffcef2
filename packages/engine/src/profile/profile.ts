import { MemorySamples } from './memory-samples.js'
import { tracks, type ProfiledOperation, type ProfiledSpan } from './profiled-run.js'
import { activeProfile, setActiveProfile, type SpanOptions } from './span.js'
import { summaryOf, type ProfileSummary } from './summary.js'
import { traceOf, type Trace } from './trace.js'

/** How much a profile takes down. */
export interface ProfileOptions {
  /** The most spans and operations that are kept, which bounds memory and the trace; 200,000 if not given. */
  readonly events?: number
  /**
   * How many calls of each graph function are also run operation by operation, so that the trace shows where
   * a call's time goes; 3 if not given. Each takes about one to two calls' time, which is left out of all
   * shares.
   */
  readonly replays?: number
}

/** What a profile comes to. */
export interface ProfileResult {
  /** In Chrome's trace format; as JSON it opens in Perfetto and `chrome://tracing`. */
  readonly trace: Trace
  readonly summary: ProfileSummary
}

/** Takes down what happens in this process until it is stopped; see {@link startProfile}. */
export class Profile {
  readonly #limit: number
  readonly #replaysEach: number
  readonly #begin = performance.now()
  readonly #spans: ProfiledSpan[] = []
  readonly #replays: (readonly ProfiledOperation[])[] = []
  readonly #memory = new MemorySamples()
  readonly #open = new Set<ProfiledSpan>()
  readonly #replaysLeft = new Map<string, number>()
  #kept = 0
  #dropped = 0
  #fullAt: number | undefined

  constructor({ events = 200_000, replays = 3 }: ProfileOptions = {}) {
    this.#limit = events
    this.#replaysEach = replays
    this.#memory.take(0)
  }

  /** Microseconds since the profile began. */
  now(): number {
    return 1000 * (performance.now() - this.#begin)
  }

  /** Begins a span, which is kept unless there are too many. */
  open(name: string, { track = tracks.loop, details = {} }: SpanOptions, isOverhead = false): ProfiledSpan {
    const start = this.now()
    this.#memory.take(start)
    const span = { name, track, start, end: start, details, isOverhead }
    if (this.#room(1) === 1) {
      this.#spans.push(span)
      this.#open.add(span)
    }
    return span
  }

  /** Ends a span. */
  close(span: ProfiledSpan): void {
    span.end = this.now()
    this.#open.delete(span)
    this.#memory.take(span.end)
  }

  /** Takes down the operations of a replay, as far as there is room for them. */
  addReplay(operations: readonly ProfiledOperation[]): void {
    const kept = operations.slice(0, this.#room(operations.length))
    if (kept.length > 0) this.#replays.push(kept)
  }

  /** Whether a call of a graph function is to be replayed; asked once a call. */
  takeReplay(graph: string): boolean {
    const left = this.#replaysLeft.get(graph) ?? this.#replaysEach
    this.#replaysLeft.set(graph, left - 1)
    return left > 0 && this.#fullAt === undefined
  }

  /** Ends the profile; spans under way end now. */
  stop(): ProfileResult {
    if (activeProfile() === this) setActiveProfile(undefined)
    const end = this.now()
    for (const span of this.#open) {
      span.end = end
      span.details = { ...span.details, unfinished: true }
    }
    this.#open.clear()
    const run = {
      end,
      spans: this.#spans,
      replays: this.#replays,
      samples: this.#memory.all,
      limit: this.#limit,
      dropped: this.#dropped,
      fullAt: this.#fullAt,
    }
    return { trace: traceOf(run), summary: summaryOf(run) }
  }

  /** @returns how many of some events can still be kept, which then count as kept */
  #room(wanted: number): number {
    const granted = Math.min(wanted, this.#limit - this.#kept)
    this.#kept += granted
    this.#dropped += wanted - granted
    if (granted < wanted) this.#fullAt ??= this.now()
    return granted
  }
}

/**
 * Begins to take down the spans of this process, its memory, and the operations of graph functions. Results
 * do not change by it. Of the operations of functions that are first called under it, it also knows the spans
 * and the pass.
 *
 * @throws {Error} when a profile runs already
 */
export function startProfile(options: ProfileOptions = {}): Profile {
  if (activeProfile()) throw new Error('a profile runs already; stop it first')
  const profile = new Profile(options)
  setActiveProfile(profile)
  return profile
}
