import { InvalidArgumentError } from 'commander'

/** Whether a text is a whole number that an option can take. */
export function isWholeNumber(text: string): boolean {
  return /^\d{1,9}$/.test(text)
}

/** Reads the value of an option that takes a whole number. */
export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    if (isWholeNumber(text) && Number(text) >= least) return Number(text)
    throw new InvalidArgumentError(`expected a whole number of at least ${least}`)
  }
}
