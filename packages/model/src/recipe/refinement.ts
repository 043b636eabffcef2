import type { RecipeValues } from './schema.js'

/**
 * Options of the global level by which unlabelled images refine its prototypes; none where there are no such
 * images. The length scale makes the assignments what the level itself would predict at its temperature.
 */
export function refinementFor(
  recipe: Pick<RecipeValues, 'semi'>,
  temperature: number,
): Readonly<Record<string, unknown>> {
  if (!recipe.semi) return {}
  return {
    refine: hasDistractors(recipe) ? 'soft-with-distractors' : 'soft',
    length_scale: Math.sqrt(temperature),
  }
}

/** Whether unlabelled images of other classes are among a recipe's. */
export function hasDistractors({ semi }: Pick<RecipeValues, 'semi'>): boolean {
  return semi !== undefined && Boolean(semi.with_distractors)
}
