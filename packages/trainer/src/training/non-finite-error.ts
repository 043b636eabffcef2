/**
 * A number of a training step was not finite, where such steps are not to be skipped, or a whole epoch was
 * skipped.
 *
 * The message is one line that names the step, what was not finite, the episode, and what to do.
 */
export class NonFiniteError extends Error {
  override readonly name = 'NonFiniteError'
}
