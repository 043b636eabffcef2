import type { LevelRegistry } from '@m2l/metric'
import { learningOf } from '../agreement/agreement.js'
import { backboneSettings, modelSettings, networkOf } from '../agreement/model-settings.js'
import type { Learning } from '../agreement/seen-classes.js'
import type { Settings } from '../agreement/settings.js'
import { shippedCardOf } from './shipped-weights.js'
import { recipeOfWeights } from './stored-recipe.js'
import { settingsOfRun } from './training-settings.js'

type Metadata = Readonly<Record<string, string>>

/**
 * The settings of the model that weights are of, as they say; nothing where they do not.
 *
 * @throws {InputError} when what they say cannot be read
 */
export function settingsOfModel(
  file: string,
  metadata: Metadata,
  registry: LevelRegistry,
): Settings | undefined {
  if (metadata.recipe === undefined) return settingsOfBackbone(file, metadata)
  return modelSettings(recipeOfWeights(file, metadata.recipe), registry)
}

/** The same of their backbone alone. */
export function settingsOfBackbone(file: string, metadata: Metadata): Settings | undefined {
  if (metadata.recipe !== undefined) return backboneSettings(recipeOfWeights(file, metadata.recipe))
  const ofRun = settingsOfRun(metadata.settings)
  if (!ofRun) return undefined
  const { 'model.encoder': encoder, 'data.image_size': size, 'data.normalisation': normalisation } = ofRun
  return {
    'model.encoder': networkOf(String(encoder)),
    'data.image_size': size,
    'data.normalisation': normalisation,
  }
}

/** What weights learned from, as they or their card say; nothing where neither does. */
export function learningOfWeights(file: string, metadata: Metadata): Learning | undefined {
  const stored = learningOf(metadata.learned)
  if (stored) return stored
  const splits = shippedCardOf(file)?.data.splits
  return splits && [{ kind: 'training', splits }]
}
