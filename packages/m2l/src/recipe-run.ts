import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { InputError } from '@m2l/engine'
import {
  checkpointFiles,
  holdsRun,
  loadNewest,
  lockRunFolder,
  openRunFolder,
  removeHalfWritten,
  startPosition,
  type OnProgress,
  type RunFolder,
  type TrainingOutcome,
  type TrainingPosition,
  type TrainingRun,
} from '@m2l/trainer'
import type { Optimiser, StateDict } from '@m2l/nn'
import type { DataOptions } from './recipe-data.js'
import { beginTrainingRecord, type BegunTraining } from './cards/training-record.js'
import type { Recipe } from './recipe/read-recipe.js'

/** How a recipe is carried out. */
export interface RecipeRunOptions extends DataOptions {
  /** Where the run folder already holds a run: go on with it, or throw it away; without either it is refused. */
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
  readonly epochs: number
  /** Steps that were skipped because a loss or gradient was not finite. */
  readonly skipped: number
  /** False when the run was interrupted; `resume` goes on with it. */
  readonly completed: boolean
  readonly seconds: number
  /** The share of the training steps' time in which the engine waited for pictures, from 0 to 1. */
  readonly waiting: number
}

/** A run folder that is open to this process alone, and where the run in it stands. */
export interface OpenRun extends Pick<
  TrainingRun,
  'folder' | 'position' | 'keep' | 'checkpointSteps' | 'onNan'
> {
  /** Does the training, notes in `training.json` how far it came, and in any case gives the folder free for others. */
  carryOut(training: () => Promise<TrainingOutcome>): Promise<TrainingReport>
}

/**
 * Opens a recipe's run folder and finds where to go on.
 *
 * @param of what is trained from what
 * @param begin prepares a run that starts anew, before anything of an earlier one is thrown away
 * @throws {InputError} when the folder cannot be written, another process trains in it, it holds a run that the options do
 *   not speak of, or no checkpoint of it is whole and fits
 */
export async function openRun(
  recipe: Recipe,
  options: RecipeRunOptions,
  into: { model: StateDict; optimiser: Optimiser },
  of: Pick<BegunTraining, 'splits' | 'initialWeights'>,
  begin: () => Promise<void> = async () => {},
): Promise<OpenRun> {
  const folder = await openRunFolder(recipe.folder)
  const release = await lockRunFolder(folder.path)
  try {
    await removeHalfWritten(folder)
    const position = await openPosition(folder, options, into, begin)
    const { keep, checkpoint_steps: checkpointSteps, on_nan: onNan } = recipe.run
    const resumed = position !== startPosition
    const endRecord = await beginTrainingRecord({ ...of, recipe, folder: folder.path, resumed })
    const carryOut = async (training: () => Promise<TrainingOutcome>) => {
      try {
        const report = trainingReport(recipe, folder, await training())
        await endRecord(report)
        return report
      } finally {
        await release()
      }
    }
    return { folder, position, keep, checkpointSteps, onNan: options.onNan ?? onNan, carryOut }
  } catch (error) {
    await release()
    throw error
  }
}

async function openPosition(
  folder: RunFolder,
  { existing, onDamage = () => {} }: RecipeRunOptions,
  into: { model: StateDict; optimiser: Optimiser },
  begin: () => Promise<void>,
): Promise<TrainingPosition> {
  if (!(await holdsRun(folder))) {
    await begin()
    return startPosition
  }
  if (existing === 'restart') {
    await begin()
    for (const file of await runFiles(folder)) await rm(file, { force: true })
    return startPosition
  }
  if (existing === 'resume') {
    const { position, damaged } = await loadNewest(folder, {
      model: into.model,
      optimiser: into.optimiser.state,
    })
    damaged.forEach(onDamage)
    return position
  }
  throw new InputError(
    `${folder.path}: holds an earlier training run; go on with it (--resume), throw it away (--restart), or choose another folder with run.folder=FOLDER`,
  )
}

/** What a run has left in its folder. */
async function runFiles(folder: RunFolder): Promise<string[]> {
  const { path, best, record, page } = folder
  const logs = (await readdir(path)).filter((name) => /^(events\.out\.tfevents\.|fault-step-)/.test(name))
  return [...(await checkpointFiles(folder)), best, record, page, ...logs.map((name) => join(path, name))]
}

/** What a training came to. */
function trainingReport(recipe: Recipe, folder: RunFolder, outcome: TrainingOutcome): TrainingReport {
  const { best, epoch } = outcome.position
  return {
    recipe: recipe.name,
    folder: folder.path,
    bestCheckpoint: best ? folder.best : null,
    bestEpoch: best?.epoch ?? null,
    bestAccuracy: best?.accuracy ?? null,
    epochs: epoch,
    skipped: outcome.skipped,
    completed: outcome.completed,
    seconds: outcome.seconds,
    waiting: outcome.waiting,
  }
}
