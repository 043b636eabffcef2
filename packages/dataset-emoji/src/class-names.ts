import type { Drawings } from './artists.js'

/**
 * The names that all artists have drawn, in code-unit order, without skin-tone variants and without names
 * that a set hides because they are an old name of another.
 */
export function commonNames(sets: readonly Drawings[]): string[] {
  const drawn = sets.map(({ icons, aliases = {} }) => ({ ...aliases, ...icons }))
  return Object.keys(drawn[0]!)
    .filter((name) => !name.endsWith('-skin-tone'))
    .filter((name) => drawn.every((icons) => icons[name] && !icons[name].hidden))
    .toSorted()
}
