import { InputError } from '@m2l/engine'
import { readResult } from './read-result.js'

/**
 * Refuses results that a card is to compare with, before any work is done.
 *
 * @throws {InputError} when they cannot be read, or no card is asked for that would compare with them
 */
export async function requireComparable({
  against = [],
  card,
}: {
  readonly against?: readonly string[]
  readonly card?: string
}): Promise<void> {
  if (against.length > 0 && card === undefined) {
    throw new InputError(
      `${against[0]}: is compared with in a card, and none is asked for; name one (--card FILE), or compare two results (npx m2l compare)`,
    )
  }
  for (const other of against) await readResult(other)
}
