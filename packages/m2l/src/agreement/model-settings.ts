import type { LevelRegistry } from '@m2l/metric'
import { publishedGrid } from '../forward-encoding.js'
import { recipeLevels } from '../levels.js'
import type { Recipe } from '../recipe/read-recipe.js'
import { flattened, type Settings } from './settings.js'

/** What of a recipe decides how a backbone sees pictures. */
export function backboneSettings({ model, data }: Pick<Recipe, 'model' | 'data'>): Settings {
  return {
    'model.encoder': networkOf(model.encoder),
    'data.image_size': data.image_size,
    'data.normalisation': data.normalisation,
  }
}

/**
 * What of a recipe decides what a trained model makes of a picture: {@link backboneSettings}, the parts, and the levels with
 * all their options, whether they are written out or defaults.
 */
export function modelSettings(recipe: Recipe, registry: LevelRegistry): Settings {
  const levels = Object.entries(recipeLevels(recipe)).map(([name, { weight, temperature, ...options }]) => [
    name,
    { weight, temperature, ...completed(registry, name, options) },
  ])
  const encoding = recipe.model.forward_encoding ?? (recipeLevels(recipe).part ? publishedGrid : 'FCN')
  return {
    ...backboneSettings(recipe),
    'model.forward_encoding': encoding,
    ...(encoding.startsWith('Grid-') && { 'model.parts': recipe.model.parts }),
    ...(levels.length > 1 && { 'model.fusion': recipe.model.fusion }),
    ...flattened(Object.fromEntries(levels) as object, 'model.levels.'),
  }
}

/** `R12-pre` is `R12` that drops features while it is trained. */
export function networkOf(encoder: string): string {
  return encoder === 'R12-pre' ? 'R12' : encoder
}

/** Options that change what a computation takes, not what comes of it. */
const ofResources = new Set(['memory_mib'])

function completed(registry: LevelRegistry, name: string, options: Readonly<Record<string, unknown>>) {
  const schema = registry.names.includes(name) ? registry.get(name).options : undefined
  const parsed = schema?.safeParse(options)
  const all = parsed?.success ? (parsed.data as Record<string, unknown>) : options
  return Object.fromEntries(Object.entries(all).filter(([key]) => !ofResources.has(key)))
}
