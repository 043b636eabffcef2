/**
 * Something that a person gave us - a file, a folder, an option, a recipe - cannot be used.
 *
 * The message is one line that says what was read, what was expected and what to do. The command line prints it
 * without a stack and exits with code 2; every other error is a failure of the program and exits with code 1.
 */
export class InputError extends Error {
  override readonly name = 'InputError'
}
