/** A pickle that is damaged, asks for what was not allowed, or takes more memory than it may. */
export class PickleError extends Error {
  override readonly name = 'PickleError'
}
