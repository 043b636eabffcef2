import type { Dataset, ImageSplit } from '@m2l/datasets'
import { enginePrecision } from '@m2l/engine'
import { modelSettings, backboneSettings } from '../agreement/model-settings.js'
import { picturesHash } from '../agreement/pictures-hash.js'
import { classMarks, type Learning } from '../agreement/seen-classes.js'
import { flattened, type Settings } from '../agreement/settings.js'
import type { Recipe } from '../recipe/read-recipe.js'

/** The splits that a training learns from and is validated on. */
export interface TrainingData {
  readonly dataset: Dataset
  readonly train: ImageSplit
  readonly val: ImageSplit
}

/**
 * All that a training must keep to when it goes on. Left out is what may change: its length (`epochs`), how
 * often and on how many episodes it is validated, where things are, how checkpoints are kept, and what only
 * evaluations ask for.
 *
 * @param initialWeights the SHA-256 of the weights that it starts from; null where they are gone, nothing
 *   where there are none
 * @throws {InputError} when a picture cannot be read
 */
export async function trainingSettings(
  kind: 'pretraining' | 'training',
  recipe: Recipe,
  data: TrainingData,
  initialWeights?: string | null,
): Promise<Settings> {
  const { seed, n_way, k_shot, train, test, pre, semi } = recipe
  const { epochs: _epochs, ...ofTraining } = train
  const { lr, lr_decay, lr_decay_milestones, batch_size, colorjitter, smallest_crop } = pre
  const ofPretraining = { lr, lr_decay, lr_decay_milestones, batch_size, colorjitter, smallest_crop }
  const queries = test.query_per_class_per_episode // of validation, too
  return {
    kind,
    seed,
    ...(kind === 'training'
      ? {
          n_way,
          k_shot,
          ...modelSettings(recipe),
          ...flattened(ofTraining, 'train.'),
          'test.query_per_class_per_episode': queries,
          ...(initialWeights !== undefined && { 'model.weights': initialWeights ?? gone }),
        }
      : { ...backboneSettings(recipe), ...flattened(ofPretraining, 'pre.') }),
    'model.encoder': recipe.model.encoder,
    ...flattened({ ...semi }, 'semi.'),
    'train data': data.train.hash,
    'train pictures': await picturesHash(data.dataset, data.train),
    'val data': data.val.hash,
    'val pictures': await picturesHash(data.dataset, data.val),
    precision: enginePrecision(),
  }
}

/** Stands for the hash of weights that are no longer there, and for nothing that could be compared. */
export const gone = 'gone'

/** What a training learns from. */
export function learnedBy(
  kind: 'pretraining' | 'training',
  { dataset, train, val }: TrainingData,
): Learning[number] {
  return {
    kind,
    dataset: dataset.name,
    splits: { train: train.hash, val: val.hash },
    classes: { train: classMarks(train), val: classMarks(val) },
  }
}

/** What `trainingSettings` gave for a checkpoint, as its metadata tell; nothing where they do not. */
export function settingsOfRun(text: string | undefined): Settings | undefined {
  if (text === undefined) return undefined
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Settings)
      : undefined
  } catch {
    return undefined
  }
}
