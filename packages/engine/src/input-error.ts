import { oneLine } from './one-line.js'

/**
 * What cannot be used, for programs that treat some cases apart. The codes are part of the API: they stay,
 * and others may come.
 *
 * - `option`: an argument of a function, or an option of a command
 * - `file`: a file or folder is missing, of another kind, or cannot be read or written
 * - `data`: a data set, split file, manifest or list of classes
 * - `picture`: a picture that cannot be decoded or used
 * - `recipe`: a recipe, or a key of one
 * - `weights`: weights, checkpoints, saved classes, or a network in a file
 * - `engine`: an engine or a device that is not there
 * - `numbers`: numbers that are not finite, or cannot be computed with
 * - `input`: anything else
 */
export type InputErrorCode =
  'option' | 'file' | 'data' | 'picture' | 'recipe' | 'weights' | 'engine' | 'numbers' | 'input'

export interface InputErrorOptions extends ErrorOptions {
  /** `input` if not given. */
  readonly code?: InputErrorCode
}

/**
 * Something that a person gave us - a file, a folder, an option, a recipe - cannot be used.
 *
 * The message is one line that says what was read, what was expected and what to do. The command line prints
 * it without a stack and exits with code 2; every other error is a failure of the program and exits with code
 * 1. A program tells cases apart by `code`, never by the message, which may change.
 *
 * What is quoted in it may be anything: characters that would end the line or command a terminal become `?`,
 * and of more than 2000 characters the middle is left out.
 */
export class InputError extends Error {
  override readonly name = 'InputError'
  readonly #code: InputErrorCode

  constructor(message: string, { code = 'input', ...options }: InputErrorOptions = {}) {
    super(oneLine(message), options)
    this.#code = code
  }

  /** What cannot be used, see {@link InputErrorCode}. */
  get code(): InputErrorCode {
    return this.#code
  }
}
