import { InputError } from '@m2l/engine'
import { load } from 'js-yaml'

/**
 * A recipe with some keys changed.
 *
 * @param overrides `key=value` with dots between nested keys; a value is YAML
 * @throws {InputError} when a text is not of this form or passes through a key that holds no keys
 */
export function applyOverrides(
  recipe: Readonly<Record<string, unknown>>,
  overrides: readonly string[],
): Record<string, unknown> {
  const changed = structuredClone(recipe) as Record<string, unknown>
  for (const override of overrides) {
    const equals = override.indexOf('=')
    if (equals < 1) {
      throw new InputError(`${override}: expected key=value, for example train.epochs=3`)
    }
    assign(changed, override.slice(0, equals), parseValue(override, override.slice(equals + 1)))
  }
  return changed
}

function assign(target: Record<string, unknown>, key: string, value: unknown): void {
  const path = key.split('.')
  let inner = target
  for (const name of path.slice(0, -1)) {
    const next = Object.hasOwn(inner, name) ? (inner[name] ?? {}) : {}
    if (typeof next !== 'object' || Array.isArray(next)) {
      throw new InputError(`${key}: ${name} holds a value and no further keys`)
    }
    inner = defineKey(inner, name, next) as Record<string, unknown>
  }
  defineKey(inner, path.at(-1)!, value)
}

/** Sets a key as data, whatever its name. */
function defineKey(target: Record<string, unknown>, name: string, value: unknown): unknown {
  Object.defineProperty(target, name, { value, configurable: true, enumerable: true, writable: true })
  return value
}

function parseValue(override: string, text: string): unknown {
  try {
    return load(text) ?? null
  } catch {
    throw new InputError(`${override}: expected a YAML value after the equals sign, for example [10, 20]`)
  }
}
