import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { InputError } from '@m2l/engine'
import {
  checkpointFiles,
  fileExists,
  holdsRun,
  loadNewest,
  lockRunFolder,
  openRunFolder,
  removeHalfWritten,
  startPosition,
  type EpisodeTask,
  type OnProgress,
  type RunFolder,
  type TrainingOutcome,
  type TrainingPosition,
  type TrainingRun,
} from '@m2l/trainer'
import type { Optimiser, StateDict } from '@m2l/nn'
import { weightsPath } from '@m2l/nn/files'
import { learningOf, type AgreementOptions } from '../agreement/agreement.js'
import type { Learning } from '../agreement/seen-classes.js'
import type { Settings } from '../agreement/settings.js'
import { fileHash } from '../cards/file-hash.js'
import { requireSameRun } from '../agreement/same-run.js'
import type { DataOptions } from '../data/recipe-data.js'
import { beginTrainingRecord, readTrainingRecord } from '../cards/training-record.js'
import type { Recipe } from '../recipe/read-recipe.js'
import type { StartedFrom } from '../weights/initial-weights.js'
import { learnedBy, trainingSettings, type TrainingData } from '../weights/training-settings.js'

/** How a recipe is carried out. */
export interface RecipeRunOptions extends DataOptions, AgreementOptions {
  /**
   * Where the run folder already holds a run: go on with it, or throw it away; without either it is refused.
   */
  readonly existing?: 'resume' | 'restart'
  /** What training does where a loss or gradient is not finite; what the recipe says if not given. */
  readonly onNan?: TrainingRun['onNan']
  readonly onSkip?: TrainingRun['onSkip']
  /** Receives one line for each damaged checkpoint in whose place an older one is used. */
  readonly onDamage?: (line: string) => void
  readonly onProgress?: OnProgress
  readonly onValidation?: TrainingRun['onValidation']
}

/** What a training of a recipe leaves. */
export interface TrainingReport {
  readonly recipe: string
  readonly folder: string
  /** The checkpoint of the best validation, or null when no epoch was validated yet. */
  readonly bestCheckpoint: string | null
  readonly bestEpoch: number | null
  /** The best validation accuracy, in fractions of 1. */
  readonly bestAccuracy: number | null
  /** What validations tell apart. */
  readonly validated: EpisodeTask
  readonly epochs: number
  /** Steps that were skipped because a loss or gradient was not finite. */
  readonly skipped: number
  /** What a person should know of the weights that it started from or went on with, a line each. */
  readonly notes: readonly string[]
  /** False when the run was interrupted; `resume` goes on with it. */
  readonly completed: boolean
  readonly seconds: number
  /** The share of the training steps' time in which the engine waited for pictures, from 0 to 1. */
  readonly waiting: number
}

/** A run folder that is open to this process alone, and where the run in it stands. */
export interface OpenRun extends Pick<
  TrainingRun,
  'folder' | 'position' | 'keep' | 'checkpointSteps' | 'onNan' | 'requireHeld'
> {
  /** What its checkpoints say of it, beside the model. */
  readonly settings: string
  readonly learned: string
  /** See {@link TrainingReport.notes}. */
  readonly notes: readonly string[]
  /**
   * Does the training, notes in `training.json` how far it came, and in any case gives the folder free for
   * others.
   */
  carryOut(training: () => Promise<TrainingOutcome>): Promise<TrainingReport>
}

/** What is trained from what. */
export interface TrainingKind {
  readonly kind: 'pretraining' | 'training'
  readonly data: TrainingData
  /** The file from which a training starts, if any. */
  readonly initialWeights?: string | undefined
  /** Prepares a run that starts anew, before anything of an earlier one is thrown away. */
  begin?(): Promise<StartedFrom>
}

/**
 * Opens a recipe's run folder and finds where to go on.
 *
 * @throws {InputError} when the folder cannot be written, another process trains in it, it holds a run that
 *   the options do not speak of or that began with other settings, or no checkpoint of it is whole and fits
 */
export async function openRun(
  recipe: Recipe,
  options: RecipeRunOptions,
  into: { model: StateDict; optimiser: Optimiser },
  of: TrainingKind,
): Promise<OpenRun> {
  const folder = await openRunFolder(recipe.folder)
  const lock = await lockRunFolder(folder.path)
  try {
    await removeHalfWritten(folder)
    const initialWeights = await hashIfThere(of.initialWeights)
    const opened = await openPosition(recipe, folder, options, into, { ...of, initialWeights })
    const { position, settings, learned, notes } = opened
    const { keep, checkpoint_steps: checkpointSteps, on_nan: onNan } = recipe.run
    const { data } = of
    const record = {
      splits: { train: data.train.hash, val: data.val.hash },
      initialWeights,
      recipe,
      folder: folder.path,
      resumed: position !== startPosition,
      notes,
    }
    const endRecord = await beginTrainingRecord(record)
    const carryOut = async (training: () => Promise<TrainingOutcome>) => {
      try {
        const report = trainingReport(recipe, folder, await training(), notes)
        await endRecord(report)
        return report
      } finally {
        await lock.release()
      }
    }
    return {
      folder,
      position,
      keep,
      checkpointSteps,
      onNan: options.onNan ?? onNan,
      settings: JSON.stringify(settings),
      learned: JSON.stringify(learned),
      notes,
      requireHeld: lock.requireHeld,
      carryOut,
    }
  } catch (error) {
    await lock.release()
    throw error
  }
}

interface OpenPosition {
  readonly position: TrainingPosition
  readonly settings: Settings
  readonly learned: Learning
  readonly notes: readonly string[]
}

async function openPosition(
  recipe: Recipe,
  folder: RunFolder,
  options: RecipeRunOptions,
  into: { model: StateDict; optimiser: Optimiser },
  of: Omit<TrainingKind, 'initialWeights'> & { readonly initialWeights: string | null | undefined },
): Promise<OpenPosition> {
  const { existing, onDamage = () => {} } = options
  const settings = await trainingSettings(of.kind, recipe, of.data, of.initialWeights)
  const holds = await holdsRun(folder)
  if (holds && existing === 'resume') {
    const record = await readTrainingRecord(folder.path)
    const same = requireSameRun(recipe, { settings, record, options })
    const { position, damaged, metadata } = await loadNewest(
      folder,
      { model: into.model, optimiser: into.optimiser.state },
      same.accept,
    )
    damaged.forEach(onDamage)
    const notes = [...new Set([...(record?.notes ?? []), ...same.notes])]
    const learned = learningOf(metadata.learned) ?? [{ kind: 'unknown' }, learnedBy(of.kind, of.data)]
    return { position, settings, learned, notes }
  }
  if (existing !== 'restart' && (holds || (await fileExists(folder.best)))) {
    throw new InputError(
      `${folder.path}: holds ${holds ? 'an earlier training run; go on with it (--resume)' : 'the weights of a training (best.safetensors); go on from them with model.weights in another folder'}, throw it away (--restart), or choose another folder with run.folder=FOLDER`,
    )
  }
  const from = (await of.begin?.()) ?? { learning: [], notes: [] }
  for (const file of await runFiles(folder)) await rm(file, { force: true })
  const learned = [...from.learning, learnedBy(of.kind, of.data)]
  return { position: startPosition, settings, learned, notes: from.notes }
}

/** Null where there is no file: a run that goes on needs it no more. */
async function hashIfThere(file: string | undefined): Promise<string | null | undefined> {
  if (file === undefined) return undefined
  const { file: path } = weightsPath(file)
  return (await fileExists(path)) ? fileHash(path) : null
}

/** What a run has left in its folder. */
async function runFiles(folder: RunFolder): Promise<string[]> {
  const { path, best, record, page } = folder
  const logs = (await readdir(path)).filter((name) => /^(events\.out\.tfevents\.|fault-step-)/.test(name))
  return [...(await checkpointFiles(folder)), best, record, page, ...logs.map((name) => join(path, name))]
}

/** What a training came to. */
function trainingReport(
  recipe: Recipe,
  folder: RunFolder,
  outcome: TrainingOutcome,
  notes: readonly string[],
): TrainingReport {
  const { best, epoch } = outcome.position
  return {
    recipe: recipe.name,
    folder: folder.path,
    bestCheckpoint: best ? folder.best : null,
    bestEpoch: best?.epoch ?? null,
    bestAccuracy: best?.accuracy ?? null,
    validated: outcome.validated,
    epochs: epoch,
    skipped: outcome.skipped,
    notes,
    completed: outcome.completed,
    seconds: outcome.seconds,
    waiting: outcome.waiting,
  }
}
