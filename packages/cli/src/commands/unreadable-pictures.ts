import { count } from '../terminal/format.js'

/** What could not be read while the rest went on. */
export interface Unreadable {
  readonly unreadable: readonly { readonly reason: string }[]
  readonly unreadableExamples: readonly { readonly reason: string }[]
}

/** How many reasons are given. */
const mostReasons = 5

/** The line that a command ends with where pictures could not be read; nothing where all could. */
export function complaintOfUnreadable({ unreadable, unreadableExamples }: Unreadable): string | undefined {
  const all = [...unreadableExamples, ...unreadable]
  if (all.length === 0) return undefined
  const numbers = [
    ...(unreadableExamples.length > 0 ? [count(unreadableExamples.length, 'example')] : []),
    ...(unreadable.length > 0 ? [count(unreadable.length, 'picture')] : []),
  ]
  const reasons = all.slice(0, mostReasons).map(({ reason }) => reason)
  const more = all.length > mostReasons ? `; and ${all.length - mostReasons} more` : ''
  return `${numbers.join(' and ')} could not be read and ${all.length === 1 ? 'was' : 'were'} left out: ${reasons.join('; ')}${more}`
}
