import { InputError } from '@m2l/engine'
import { mergeStates, prefixed, type AssignOptions, type StateDict } from '@m2l/nn'
import { saveState } from '@m2l/nn/files'
import { z } from 'zod'
import { assignBackbone, assignCheckpoint, ownFormat } from '@m2l/model'
import { readCheckpoint, type Rename } from './read-checkpoint.js'
import { historySchema, measured, type TrainingHistory } from '../training/training-history.js'

/** Where a training run is, so that it can go on as if it had never stopped. */
export interface TrainingPosition {
  /** Epochs completed. */
  readonly epoch: number
  /** Steps completed in the epoch under way. */
  readonly step: number
  /** Sums over the steps of the epoch under way. */
  readonly lossSum: number
  readonly accuracySum: number
  /**
   * Steps of the epoch under way that were skipped, because not all was finite; the sums are without them.
   */
  readonly skipped: number
  /** The best validation so far; its epoch is counted from 1. */
  readonly best: { readonly epoch: number; readonly accuracy: number } | null
  /** What was measured so far. */
  readonly history: TrainingHistory
}

const noHistory: TrainingHistory = { losses: [], epochs: [] }

export const startPosition: TrainingPosition = {
  epoch: 0,
  step: 0,
  lossSum: 0,
  accuracySum: 0,
  skipped: 0,
  best: null,
  history: noHistory,
}

const positionSchema = z.strictObject({
  epoch: z.int().min(0),
  step: z.int().min(0),
  lossSum: measured,
  accuracySum: measured,
  skipped: z.int().min(0).default(0),
  best: z.strictObject({ epoch: z.int(), accuracy: z.number() }).nullable(),
  /** Checkpoints of versions that kept none have none. */
  history: historySchema.default(noHistory),
})

/** What a checkpoint says of itself. */
export interface CheckpointDescription {
  /** The backbone's name. */
  readonly backbone: string
  /** What was trained, for example a recipe's name; free text. */
  readonly run: string
  /** What a model is made of before its weights are read, as its maker reads it. */
  readonly recipe?: string
  /** The settings that the run began with, as its maker reads them. */
  readonly settings?: string
  /** What the weights learned from, as their maker reads it. */
  readonly learned?: string
}

/** What is saved: a model's parameters, and in a resumable checkpoint the optimiser's and the position. */
export interface CheckpointContent {
  readonly model: StateDict
  readonly description: CheckpointDescription
  readonly optimiser?: StateDict
  readonly position?: TrainingPosition
}

/**
 * Saves a checkpoint as a safetensors file, at once: `model.…` and `optimiser.…`, with the position in its
 * metadata.
 *
 * @throws {InputError} when the file cannot be written
 */
export async function saveCheckpoint(file: string, content: CheckpointContent): Promise<void> {
  const { model, description, optimiser = {}, position } = content
  await saveState(file, mergeStates(prefixed('model', model), prefixed('optimiser', optimiser)), {
    format: ownFormat,
    ...description,
    ...(position && { position: JSON.stringify(position) }),
  })
}

/** How a checkpoint from elsewhere is read. */
export interface LoadOptions extends Pick<AssignOptions, 'optional'> {
  /** What a model calls a tensor of a checkpoint from elsewhere; null where it has no use for it. */
  readonly rename?: Rename
}

/**
 * Restores what was saved, or the weights of a checkpoint from elsewhere. Nothing is assigned unless all of
 * it fits.
 *
 * @returns where the run was; the start where the checkpoint is of a finished model
 * @throws {InputError} when the file cannot be read, is damaged, or is a checkpoint of another architecture
 */
export async function loadCheckpoint(
  file: string,
  into: { readonly model: StateDict; readonly optimiser?: StateDict },
  { rename, optional }: LoadOptions = {},
): Promise<TrainingPosition> {
  const checkpoint = await readCheckpoint(file, rename)
  const position = parsePosition(file, checkpoint.position)
  assignCheckpoint(file, checkpoint, into, { optional })
  return position
}

/**
 * Restores the backbone alone, for example of pretraining before episodic training.
 *
 * @throws {InputError} as {@link loadCheckpoint}
 */
export async function loadBackbone(
  file: string,
  backbone: StateDict,
  { rename, optional }: LoadOptions = {},
): Promise<void> {
  assignBackbone(file, await readCheckpoint(file, rename), backbone, { optional })
}

/**
 * The position that a checkpoint tells; the start where it tells none.
 *
 * @throws {InputError} when it cannot be read
 */
export function parsePosition(file: string, text: string | undefined): TrainingPosition {
  if (text === undefined) return startPosition
  try {
    return positionSchema.parse(JSON.parse(text))
  } catch {
    throw new InputError(
      `${file}: its training position cannot be read; start anew or use an older checkpoint`,
    )
  }
}
