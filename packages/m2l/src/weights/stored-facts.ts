import { basename, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { learningOf } from '../agreement/agreement.js'
import {
  encoderOptions,
  networkOf,
  storedBackboneSettings,
  storedModelSettings,
} from '../agreement/model-settings.js'
import type { Learning } from '../agreement/seen-classes.js'
import type { Settings } from '../agreement/settings.js'
import type { KnownParts, StoredRecipe } from '@m2l/model'
import { assetAddress, cardOf, type WeightsCard } from '@m2l/weights'
import { settingsOfRun } from './training-settings.js'

type Metadata = Readonly<Record<string, string>>

/**
 * The settings of the model that weights are of, as they say; nothing where they do not.
 *
 * @param stored the recipe that they were stored with, if any
 */
export function settingsOfModel(
  stored: StoredRecipe | undefined,
  metadata: Metadata,
  known: KnownParts,
): Settings | undefined {
  if (!stored) return settingsOfBackbone(stored, metadata, known)
  return storedModelSettings(stored.values, known)
}

/** The same of their backbone alone. */
export function settingsOfBackbone(
  stored: StoredRecipe | undefined,
  metadata: Metadata,
  known: KnownParts,
): Settings | undefined {
  if (stored) return storedBackboneSettings(stored.values, known)
  const ofRun = settingsOfRun(metadata.settings)
  if (!ofRun) return undefined
  const { 'model.encoder': encoder, 'data.image_size': size, 'data.normalisation': normalisation } = ofRun
  return {
    'model.encoder': networkOf(known, String(encoder)),
    ...Object.fromEntries(Object.entries(ofRun).filter(([key]) => key.startsWith(encoderOptions))),
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

/** The card of shipped weights by their file; nothing for other files. */
function shippedCardOf(file: string): WeightsCard | undefined {
  const card = cardOf(basename(file, '.safetensors'))
  return card && fileURLToPath(assetAddress(card.name)!) === resolve(file) ? card : undefined
}
