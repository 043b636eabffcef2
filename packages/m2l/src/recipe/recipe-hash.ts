import { createHash } from 'node:crypto'
import type { Recipe } from './read-recipe.js'

/**
 * The SHA-256 of all that a recipe says of a result, its seed included, whatever was written out and whatever
 * is a default. Left out is where things are: the recipe's file, its pictures, its run folder.
 */
export function recipeHash(recipe: Recipe): string {
  const {
    name: _name,
    file: _file,
    folder: _folder,
    resolved: _resolved,
    run: _run,
    data,
    ...values
  } = recipe
  const { root: _root, image_dir: _images, pack: _pack, exclude: _exclude, ...ofData } = data
  return createHash('sha256')
    .update(JSON.stringify(sorted({ ...values, data: ofData })))
    .digest('hex')
}

/** The same value with the keys of every object in order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]))
}
