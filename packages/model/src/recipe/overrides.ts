import { InputError } from '@m2l/engine'

/** A change of one key of a recipe. */
export interface Override {
  /** As it was given, `train.epochs=3`. */
  readonly text: string
  readonly path: readonly string[]
  readonly value: unknown
}

/**
 * A recipe with some keys changed, one after the other.
 *
 * @throws {InputError} when an override passes through a key that holds no keys
 */
export function applyOverrides(
  recipe: Readonly<Record<string, unknown>>,
  overrides: readonly Override[],
): Record<string, unknown> {
  const changed = structuredClone(recipe) as Record<string, unknown>
  for (const override of overrides) assign(changed, override)
  return changed
}

function assign(target: Record<string, unknown>, { text, path, value }: Override): void {
  let inner = target
  for (const [depth, name] of path.slice(0, -1).entries()) {
    const next = Object.hasOwn(inner, name) ? (inner[name] ?? {}) : {}
    if (typeof next !== 'object' || Array.isArray(next)) {
      const key = path.slice(0, depth + 1).join('.')
      throw new InputError(`${text}: ${key} holds a value and no further keys; expected ${key}=value`, {
        code: 'recipe',
      })
    }
    defineKey(inner, name, next)
    inner = next as Record<string, unknown>
  }
  defineKey(inner, path.at(-1)!, value)
}

/** Sets a key as data, whatever its name. */
function defineKey(target: Record<string, unknown>, name: string, value: unknown): void {
  Object.defineProperty(target, name, { value, configurable: true, enumerable: true, writable: true })
}
