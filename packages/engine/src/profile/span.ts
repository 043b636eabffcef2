import type { Profile } from './profile.js'

/** What is told of a span beside its name. */
export interface SpanOptions {
  /**
   * The row of the trace that it lies on; that of the loop if not given. What goes on beside the loop belongs
   * elsewhere: the time on the loop's row adds up to that of the run.
   */
  readonly track?: string
  /** Shown where the span is selected. */
  readonly details?: SpanDetails
}

/** Facts of a span by their names. */
export type SpanDetails = Readonly<Record<string, string | number | boolean>>

let active: Profile | undefined
let scopes: string[] | undefined

/**
 * Does some work as a span of the profile that runs, if one does:
 * `const pictures = await span('decode', () => read(file))`. A promise's span ends when it settles. Without a
 * profile this is a call of the function and nothing else.
 *
 * Within a {@link graphFunction}, spans say what its operations belong to.
 */
export function span<Result>(name: string, work: () => Result, options: SpanOptions = {}): Result {
  if (scopes) return scoped(scopes, name, work)
  if (!active) return work()
  const profile = active
  const opened = profile.open(name, options)
  let result: Result
  try {
    result = work()
  } catch (error) {
    profile.close(opened)
    throw error
  }
  if (!(result instanceof Promise)) {
    profile.close(opened)
    return result
  }
  return result.finally(() => profile.close(opened)) as Result
}

/** The profile that runs. */
export function activeProfile(): Profile | undefined {
  return active
}

export function setActiveProfile(profile: Profile | undefined): void {
  active = profile
}

/**
 * A span in which a function is recorded: within it, spans are noted with the operations and take no time of
 * their own.
 */
export function recordingSpan(name: string, work: () => void): void {
  span(name, () => {
    if (!active) return work()
    const outer = scopes
    scopes = []
    try {
      work()
    } finally {
      scopes = outer
    }
  })
}

/** Whether a function is being recorded under a profile. */
export function isRecording(): boolean {
  return scopes !== undefined
}

/** The spans that are open within the function that is being recorded, the outermost first. */
export function openScopes(): readonly string[] {
  return scopes ? [...scopes] : []
}

function scoped<Result>(names: string[], name: string, work: () => Result): Result {
  names.push(name)
  try {
    return work()
  } finally {
    names.pop()
  }
}
