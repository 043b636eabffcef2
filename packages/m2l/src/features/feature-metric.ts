import { shown } from '@m2l/classifier'
import { InputError, randomKey } from '@m2l/engine'
import { LevelFusion } from '@m2l/metric'
import { disposeState } from '@m2l/nn'
import type { Recipe } from '../recipe/read-recipe.js'

/** Levels that compare positions with each other, which pooled features do not have. */
export const ofPositions: ReadonlySet<string> = new Set(['pixel', 'alignment'])

/**
 * Levels whose weights mean nothing before they are learned; others start from what compares features
 * already.
 */
export const learnedLevels: ReadonlySet<string> = new Set(['relation'])

/**
 * The levels of a recipe, to compare features.
 *
 * @param shape of the features of a picture: [height, width, channels]
 * @throws {InputError} when a level needs what features do not have: parts, positions, or weights that it has
 *   learned
 */
export function featureMetric(shape: readonly number[], by: Recipe): LevelFusion {
  const key = randomKey(by.seed).fold('model')
  const [height, width, channels] = shape as [number, number, number]
  const levels = by.resolved.levels.map(({ definition, weight, temperature, options }) => {
    const level = definition.create(options, { channels, key: key.fold(definition.name) })
    return { level, weight, temperature }
  })
  try {
    for (const { level } of levels) {
      const refuse = (lacks: string) =>
        new InputError(
          `${by.file}: level ${level.name} needs ${lacks}; compare features by others, for example model.levels={global: {}}`,
        )
      if (level.needs.includes('parts')) throw refuse('parts of pictures, which features do not have')
      if (ofPositions.has(level.name) && height * width === 1) {
        throw refuse(`maps of pictures, but the features are ${shown(shape)}, of one position`)
      }
      if (learnedLevels.has(level.name)) throw refuse('weights that it has learned, which features lack')
      level.requireReady?.()
    }
  } catch (error) {
    for (const { level } of levels) disposeState(level.state)
    throw error
  }
  return new LevelFusion(levels, by.model.fusion)
}
