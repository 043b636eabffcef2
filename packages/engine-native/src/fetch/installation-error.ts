import { oneLine } from '@m2l/engine/messages'

/**
 * Something cannot be brought into the cache of this machine as it is, such as the native engine or weights:
 * a tool, the network or the room on the disk is missing.
 *
 * The message is one line that says what is missing and what to type. The command line prints it without a
 * stack and exits with code 1.
 */
export class InstallationError extends Error {
  override readonly name = 'InstallationError'

  constructor(message: string, options?: ErrorOptions) {
    super(oneLine(message), options)
  }
}
