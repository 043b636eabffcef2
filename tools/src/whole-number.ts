import { InputError } from '@m2l/engine'

/**
 * The number that an option gives.
 *
 * @throws {InputError} when it is none, or below 1 or above 999,999,999
 */
export function wholeNumber(option: string, text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) {
    throw new InputError(`${option} is ${text}; expected a whole number from 1`)
  }
  return Number(text)
}
