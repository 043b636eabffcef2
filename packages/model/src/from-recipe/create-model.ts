import { ownBackbones } from '@m2l/backbones'
import { InputError, randomKey, tf, type RandomKey } from '@m2l/engine'
import { LevelFusion, type LevelEnvironment, type MetricLevel } from '@m2l/metric'
import { disposeState, type Backbone } from '@m2l/nn'
import { FewShotModel } from '../model/few-shot-model.js'
import type { ForwardEncoding } from '../model/forward-encoding.js'
import { embedPooled } from '../model/pool-stages.js'
import { checkBackbone } from './check-backbone.js'
import { forwardEncoding } from './recipe-encoding.js'
import type { CheckedRecipe } from '../recipe/check-recipe.js'
import type { ChosenLevel } from '../recipe/resolve-recipe.js'

/**
 * A model as a recipe describes it, with weights drawn from its seed.
 *
 * @throws {InputError} when the recipe's forward encoding does not make the parts that a level needs, or its
 *   encoder does not have the stage that is to be frozen
 */
export function createModel(recipe: CheckedRecipe): FewShotModel {
  const key = randomKey(recipe.seed).fold('model')
  const backbone = frozen(recipe, createRecipeBackbone(recipe, key.fold('encoder')))
  try {
    const metric = createLevels(recipe, encodedChannels(backbone, forwardEncoding(recipe, [])))
    return new FewShotModel(backbone, metric, forwardEncoding(recipe, metric.needs))
  } catch (error) {
    backbone.dispose()
    throw error
  }
}

/**
 * A recipe's backbone, with weights drawn from a key.
 *
 * @throws {InputError} when it is imported and does not keep to its own words
 */
export function createRecipeBackbone({ file, resolved }: CheckedRecipe, key: RandomKey): Backbone {
  const { definition, options } = resolved.backbone
  const backbone = definition.create(options, { key })
  if (ownBackbones.includes(definition)) return backbone
  try {
    checkBackbone(backbone, definition, file)
    return backbone
  } catch (error) {
    backbone.dispose?.()
    throw error
  }
}

/** A recipe's backbone, with the stages frozen that `train.frozen_stages` says. */
function frozen({ file, train: { frozen_stages: last } }: CheckedRecipe, backbone: Backbone): Backbone {
  if (last === undefined) return backbone
  const { name, stages = [], freeze } = backbone
  if (freeze && stages.includes(last)) return freeze(last)
  backbone.dispose()
  throw new InputError(
    `${file}: train.frozen_stages is ${last}, but ` +
      (freeze ? `${name} has the stages ${stages.join(', ')}` : `stages of ${name} cannot be frozen`),
    { code: 'recipe' },
  )
}

/**
 * A recipe's levels, with weights drawn from its seed.
 *
 * @param channels the number of features that they compare
 * @throws {InputError} when the recipe's forward encoding does not make the parts that a level needs
 */
export function createLevels(recipe: CheckedRecipe, channels: number): LevelFusion {
  const key = randomKey(recipe.seed).fold('model')
  const levels = recipe.resolved.levels.map((chosen) => ({
    level: createLevel(recipe, chosen, { channels, key: key.fold(chosen.definition.name) }),
    weight: chosen.weight,
    temperature: chosen.temperature,
  }))
  return new LevelFusion(levels, recipe.model.fusion)
}

/**
 * The number of features of a position of what levels see: where stages are laid side by side, of all of
 * them.
 */
function encodedChannels(backbone: Backbone, encoding: ForwardEncoding): number {
  if (encoding.map !== 'pooled' || encoding.stages.length === 0) return backbone.channels
  return tf.tidy(() => {
    const some = tf.zeros([1, 64, 64, 3]) as tf.Tensor4D
    return embedPooled(backbone, some, { training: false }, encoding).shape[3]
  })
}

function createLevel(
  { file, model, resolved }: CheckedRecipe,
  { definition, options }: ChosenLevel,
  environment: LevelEnvironment,
): MetricLevel {
  const level = definition.create(options, environment)
  if (!level.needs.includes('parts') || resolved.grids) return level
  disposeState(level.state)
  throw new InputError(
    `${file}: model.forward_encoding is ${model.forward_encoding}, but level ${definition.name} needs the parts of images; expected Grid-N,N…, for example Grid-3,2`,
    { code: 'recipe' },
  )
}
