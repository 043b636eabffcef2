import { createBackbone } from '@m2l/backbones'
import { randomKey } from '@m2l/engine'
import { LevelFusion } from '@m2l/metric'
import { FewShotModel } from '@m2l/trainer'
import { forwardEncoding } from './forward-encoding.js'
import { createLevel, levelRegistry, recipeLevels } from './levels.js'
import type { Recipe } from './recipe/read-recipe.js'

/**
 * A model as a recipe describes it, with weights drawn from its seed.
 *
 * @throws {InputError} when the recipe names a level that does not exist or gives one a wrong option
 */
export async function createModel(recipe: Recipe): Promise<FewShotModel> {
  const registry = await levelRegistry(recipe)
  const key = randomKey(recipe.seed).fold('model')
  const backbone = createBackbone(recipe.model.encoder, key.fold('encoder'))
  try {
    const levels = Object.entries(recipeLevels(recipe)).map(
      ([name, { weight, temperature, ...options }]) => ({
        level: createLevel(recipe, registry, name, options, {
          channels: backbone.channels,
          key: key.fold(name),
        }),
        weight,
        temperature,
      }),
    )
    const metric = new LevelFusion(levels, recipe.model.fusion)
    return new FewShotModel(backbone, metric, forwardEncoding(recipe, metric.needs))
  } catch (error) {
    backbone.dispose()
    throw error
  }
}
