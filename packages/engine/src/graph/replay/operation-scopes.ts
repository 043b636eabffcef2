import { tf } from '../../tensorflow.js'
import { activeProfile, openScopes } from '../../profile/span.js'

/**
 * Where an operation that is being recorded belongs: `forward` or `backward` where gradients are taken, whose
 * scopes TensorFlow.js names so, then the spans around it. Empty where no profile runs.
 */
export function operationScopes(): readonly string[] {
  if (!activeProfile()) return []
  const passes = tf
    .engine()
    .state.scopeStack.map(({ name }) => name)
    .filter((name) => name === 'forward' || name === 'backward')
  return [...passes.slice(-1), ...openScopes()]
}
