import { oneLine } from './one-line.js'

/**
 * Something that a person gave us - a file, a folder, an option, a recipe - cannot be used.
 *
 * The message is one line that says what was read, what was expected and what to do. The command line prints it
 * without a stack and exits with code 2; every other error is a failure of the program and exits with code 1.
 *
 * What is quoted in it may be anything: characters that would end the line or command a terminal become `?`, and of more than
 * 2000 characters the middle is left out.
 */
export class InputError extends Error {
  override readonly name = 'InputError'

  constructor(message: string, options?: ErrorOptions) {
    super(oneLine(message), options)
  }
}
