import { oneLine } from './one-line.js'

/**
 * The native engine cannot be installed on this machine as it is: a tool, the network or the room on the disk is
 * missing.
 *
 * The message is one line that says what is missing and what to type. The command line prints it without a stack
 * and exits with code 1.
 */
export class EngineError extends Error {
  override readonly name = 'EngineError'

  constructor(message: string, options?: ErrorOptions) {
    super(oneLine(message), options)
  }
}
