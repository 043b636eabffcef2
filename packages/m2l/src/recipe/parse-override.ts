import { loadYaml } from '@m2l/datasets'
import { InputError } from '@m2l/engine'
import type { Override } from '@m2l/model'

/**
 * Reads `key=value` with dots between nested keys; the value is YAML.
 *
 * @throws {InputError} when the text is not of this form
 */
export function parseOverride(text: string): Override {
  const equals = text.indexOf('=')
  const path = text.slice(0, equals).split('.')
  if (equals < 1 || path.some((key) => key === '' || key !== key.trim())) {
    throw new InputError(`${text}: expected key=value, for example train.epochs=3`)
  }
  return { text, path, value: parseValue(text, text.slice(equals + 1)) }
}

function parseValue(override: string, text: string): unknown {
  if (text.trim() === '') return null
  try {
    return loadYaml(text)
  } catch {
    throw new InputError(`${override}: expected a YAML value after the equals sign, for example [10, 20]`)
  }
}
