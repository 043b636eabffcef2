import { InputError } from './input-error.js'

/** Whether all numbers are finite. */
export function areFinite(values: Float32Array | readonly number[]): boolean {
  for (let index = 0; index < values.length; index++) if (!Number.isFinite(values[index])) return false
  return true
}

/**
 * Stops numbers that are not finite where they enter, before they become an answer that looks like one.
 *
 * @param what they are, for example `the scores of level pixel`
 * @param advice what to do, for the end of the message
 * @throws {InputError} when one is not finite
 */
export function requireFinite(
  values: Float32Array | readonly number[],
  what: string,
  advice = 'the weights are damaged, or a level or backbone divides by zero',
): void {
  if (areFinite(values)) return
  const wrong = Array.from(values).filter((value) => !Number.isFinite(value))
  throw new InputError(
    `${what} are not finite: ${wrong.length} of ${values.length} numbers, ${wrong[0]} first; ${advice}`,
    { code: 'numbers' },
  )
}
