import { setImmediate } from 'node:timers/promises'

/** {@inheritDoc nextTurn} */
export function nextTurn(): Promise<void> {
  return setImmediate()
}
