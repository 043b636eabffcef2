import { InputError } from './input-error.js'

/** Whether all numbers are finite. */
export function areFinite(values: Float32Array | readonly number[]): boolean {
  let sum = 0 // stays zero: nothing else times zero gives it
  for (let index = 0; index < values.length; index++) sum += values[index]! * 0
  return sum === 0
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
  )
}
