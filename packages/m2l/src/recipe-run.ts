import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { InputError } from '@m2l/engine'
import {
  fileExists,
  loadCheckpoint,
  openRunFolder,
  startPosition,
  type OnProgress,
  type RunFolder,
  type TrainingOutcome,
  type TrainingPosition,
  type TrainingRun,
} from '@m2l/trainer'
import type { Optimiser, StateDict } from '@m2l/nn'
import type { DataOptions } from './recipe-data.js'
import type { Recipe } from './recipe/read-recipe.js'

/** How a recipe is carried out. */
export interface RecipeRunOptions extends DataOptions {
  /** Where the run folder already holds a run: go on with it, or throw it away; without either it is refused. */
  readonly existing?: 'resume' | 'restart'
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
  /** False when the run was interrupted; `resume` goes on with it. */
  readonly completed: boolean
  readonly seconds: number
  /** The share of the training steps' time in which the engine waited for pictures, from 0 to 1. */
  readonly waiting: number
}

/** A run folder, and where in its training to go on. */
interface OpenedRun {
  readonly folder: RunFolder
  readonly position: TrainingPosition
  /** Whether it goes on with what the folder holds. */
  readonly resumed: boolean
}

/**
 * Opens a recipe's run folder and finds where to go on.
 *
 * @param begin prepares a run that starts anew, before anything of an earlier one is thrown away
 * @throws {InputError} when the folder cannot be written, holds a run that the options do not speak of, or its
 *   checkpoint does not fit
 */
export async function openRun(
  recipe: Recipe,
  { existing }: RecipeRunOptions,
  into: { model: StateDict; optimiser: Optimiser },
  begin: () => Promise<void> = async () => {},
): Promise<OpenedRun> {
  const folder = await openRunFolder(recipe.folder)
  if (!(await fileExists(folder.last))) {
    await begin()
    return { folder, position: startPosition, resumed: false }
  }
  if (existing === 'restart') {
    await begin()
    for (const file of await runFiles(folder)) await rm(file, { force: true })
    return { folder, position: startPosition, resumed: false }
  }
  if (existing === 'resume') {
    const position = await loadCheckpoint(folder.last, { model: into.model, optimiser: into.optimiser.state })
    return { folder, position, resumed: true }
  }
  throw new InputError(
    `${folder.path}: holds an earlier training run; go on with it (--resume), throw it away (--restart), or choose another folder with run.folder=FOLDER`,
  )
}

/** What a run has left in its folder. */
async function runFiles({ path, last, best, record, page }: RunFolder): Promise<string[]> {
  const names = await readdir(path)
  const events = names.filter((name) => name.startsWith('events.out.tfevents.'))
  return [last, best, record, page, ...events.map((name) => join(path, name))]
}

/** What a training came to. */
export function trainingReport(recipe: Recipe, folder: RunFolder, outcome: TrainingOutcome): TrainingReport {
  const { best, epoch } = outcome.position
  return {
    recipe: recipe.name,
    folder: folder.path,
    bestCheckpoint: best ? folder.best : null,
    bestEpoch: best?.epoch ?? null,
    bestAccuracy: best?.accuracy ?? null,
    epochs: epoch,
    completed: outcome.completed,
    seconds: outcome.seconds,
    waiting: outcome.waiting,
  }
}
