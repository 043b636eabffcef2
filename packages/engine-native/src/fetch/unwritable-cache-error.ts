import { InputError } from '@m2l/engine/messages'

/** The cache's folder cannot be made or written, so that nothing can be brought into it. */
export class UnwritableCacheError extends InputError {
  constructor(message: string) {
    super(message, { code: 'file' })
  }
}
