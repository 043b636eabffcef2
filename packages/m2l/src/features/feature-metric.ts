import { InputError, randomKey } from '@m2l/engine'
import { LevelFusion } from '@m2l/metric'
import { disposeState } from '@m2l/nn'
import { parseRecipe, type Recipe } from '../recipe/read-recipe.js'
import { shown } from './feature-embedder.js'

/** Levels that compare positions with each other, which pooled features do not have. */
export const ofPositions: ReadonlySet<string> = new Set(['pixel', 'alignment'])

/** How features are compared unless a recipe says otherwise: by cosines with class means, at MatchingNet's temperature. */
const usual = '{ model: { query: MatchingNet, fusion: consistent } }'

/**
 * The levels of a recipe, to compare features.
 *
 * @param shape of the features of a picture: [height, width, channels]
 * @param recipe whose levels compare them; cosines with class means if not given
 * @throws {InputError} when a level needs what features do not have: parts, positions, or weights that it has learned
 */
export function featureMetric(shape: readonly number[], recipe?: Recipe): LevelFusion {
  const by = recipe ?? parseRecipe(usual, 'features')
  const key = randomKey(by.seed).fold('model')
  const [height, width, channels] = shape as [number, number, number]
  const levels = by.resolved.levels.map(({ definition, weight, temperature, options }) => {
    const { name } = definition
    const level = definition.create(options, { channels, key: key.fold(name) })
    const refuse = (lacks: string) => {
      disposeState(level.state)
      return new InputError(
        `${by.file}: level ${name} needs ${lacks}; compare features by others, for example model.levels={global: {}}`,
      )
    }
    if (level.needs.includes('parts')) throw refuse('parts of pictures, which features do not have')
    if (ofPositions.has(name) && height * width === 1) {
      throw refuse(`maps of pictures, but the features are ${shown(shape)}, of one position`)
    }
    if (Object.keys(level.state).length > 0) throw refuse('weights that it has learned, which features lack')
    return { level, weight, temperature }
  })
  return new LevelFusion(levels, by.model.fusion)
}
