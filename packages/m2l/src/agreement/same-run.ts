import { InputError } from '@m2l/engine'
import type { AcceptCheckpoint } from '@m2l/trainer'
import type { TrainingRecord } from '../cards/training-record.js'
import type { Recipe } from '../recipe/read-recipe.js'
import { readStoredRecipe, recipeOfWeights } from '@m2l/model'
import { gone, settingsOfRun } from '../weights/training-settings.js'
import type { AgreementOptions } from './agreement.js'
import { backboneSettings } from './model-settings.js'
import { describeDifferences, oneLine, settingDifferences, type Settings } from './settings.js'

/** What a run that is gone on with is compared with. */
export interface AskedRun {
  readonly settings: Settings
  /** What the folder keeps of the run beside its checkpoints. */
  readonly record: TrainingRecord | undefined
  readonly options: AgreementOptions
}

/** Looks at the checkpoint of a run before it is gone on with. */
export interface SameRun {
  /** @throws {InputError} naming each setting that differs, unless it is to go on nevertheless */
  readonly accept: AcceptCheckpoint
  /** What there was to say, a line each. */
  readonly notes: readonly string[]
}

/** Holds a run to the settings that it began with. */
export function requireSameRun(
  recipe: Pick<Recipe, 'folder'>,
  { settings, record, options }: AskedRun,
): SameRun {
  const notes: string[] = []
  const note = (text: string) => {
    notes.push(oneLine(`${recipe.folder}: ${text}`))
    options.onNote?.(notes.at(-1)!)
  }
  const accept: AcceptCheckpoint = (metadata, file) => {
    const whole = settingsOfRun(metadata.settings)
    const stored = whole ?? settingsBefore(file, metadata.recipe, record)
    if (!whole) {
      const known = Object.keys(stored).join(', ')
      note(
        `its checkpoint is of a version that did not store settings, so ${known === '' ? 'nothing' : `only ${known}`} could be compared`,
      )
    }
    if (stored.kind !== undefined && stored.kind !== settings.kind) {
      throw new InputError(
        `${recipe.folder}: holds a ${String(stored.kind)}, no ${String(settings.kind)}; choose another folder with run.folder=FOLDER, or throw it away (--restart)`,
      )
    }
    const asked = whole
      ? settings
      : Object.fromEntries(Object.keys(stored).map((key) => [key, settings[key]]))
    const isGone = asked['model.weights'] === gone || stored['model.weights'] === gone
    const differences = settingDifferences(stored, asked).filter(
      ({ setting }) => !(isGone && setting === 'model.weights'),
    )
    if (differences.length === 0) return
    const said = `holds a run that began with other settings: ${describeDifferences(differences, 'now')}`
    if (options.force) return note(`${said}; gone on with nevertheless`)
    throw new InputError(
      `${recipe.folder}: ${said}; go on with those that it began with, start anew (--restart), choose another folder with run.folder=FOLDER, or go on nevertheless with --force`,
    )
  }
  return { accept, notes }
}

/** What is known of the settings of a run whose checkpoints do not store them. */
function settingsBefore(
  file: string,
  recipe: string | undefined,
  record: TrainingRecord | undefined,
): Settings {
  return {
    ...(recipe !== undefined && backboneSettings(recipeOfWeights(file, readStoredRecipe(file, recipe)))),
    ...(record && {
      seed: record.seed,
      'train data': record.splits.train,
      'val data': record.splits.val,
      precision: record.engine.precision,
    }),
  }
}
