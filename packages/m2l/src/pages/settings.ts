import { details, html, table, type Html } from '@m2l/report'
import { parseRecipe, type Recipe } from '../recipe/read-recipe.js'

/** All settings of a recipe: first those that differ from the defaults, the others to be opened. */
export function settings(recipe: Recipe): Html {
  const { folder } = recipe
  const defaults = new Map(settingsOf(valuesOf(parseRecipe('', 'defaults.yaml'))))
  const all = settingsOf(valuesOf(recipe))
  const isOwn = ([key, value]: Setting) => defaults.get(key) !== value
  const own = all.filter(isOwn)
  const others = all.filter((setting) => !isOwn(setting))
  const rows = (shown: readonly Setting[]) => table({ columns: ['key', 'value'], rows: shown })
  return html`${rows([...own, ['results', folder]])}${details(`${others.length} keys with their defaults`, rows(others))}`
}

function valuesOf(recipe: Recipe): object {
  const { name: _name, file: _file, folder: _folder, resolved: _resolved, ...values } = recipe
  return values
}

/** A key with dots, and its value. */
type Setting = readonly [key: string, value: string]

function settingsOf(values: object, above = ''): Setting[] {
  return Object.entries(values).flatMap(([key, value]): Setting[] => {
    const path = `${above}${key}`
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return settingsOf(value, `${path}.`)
    if (value === undefined) return []
    return [[path, typeof value === 'string' ? value : JSON.stringify(value)]]
  })
}
