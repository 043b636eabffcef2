import { InputError } from '@m2l/engine'

/** Why a class cannot be one. */
export function noneReadable(label: string, examples: number, reason: string): InputError {
  return new InputError(
    `class ${label}: ${examples === 1 ? 'its one example cannot' : `none of its ${examples} examples can`} be read: ${reason}`,
  )
}

/** A label in Unicode's composed form (NFC), as labels of folders and tables are. */
export function labelOf(given: string): string {
  if (typeof given !== 'string' || given === '') {
    throw new InputError(`a class is called ${JSON.stringify(given)}; expected a text that is not empty`)
  }
  if (/\p{Cs}/u.test(given)) {
    throw new InputError(
      `a class is called ${JSON.stringify(given)}, which holds half a character; give its whole name`,
    )
  }
  return given.normalize('NFC')
}
