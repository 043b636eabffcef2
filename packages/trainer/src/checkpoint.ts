import { InputError } from '@m2l/engine'
import {
  assignState,
  loadSafetensors,
  mergeStates,
  prefixed,
  saveState,
  type AssignOptions,
  type StateDict,
} from '@m2l/nn'
import { z } from 'zod'

const format = 'm2l-checkpoint-1'

/** Where a training run is, so that it can go on as if it had never stopped. */
export interface TrainingPosition {
  /** Epochs completed. */
  readonly epoch: number
  /** Steps completed in the epoch under way. */
  readonly step: number
  /** Sums over the steps of the epoch under way. */
  readonly lossSum: number
  readonly accuracySum: number
  /** The best validation so far; its epoch is counted from 1. */
  readonly best: { readonly epoch: number; readonly accuracy: number } | null
}

export const startPosition: TrainingPosition = { epoch: 0, step: 0, lossSum: 0, accuracySum: 0, best: null }

const positionSchema = z.strictObject({
  epoch: z.int().min(0),
  step: z.int().min(0),
  lossSum: z.number(),
  accuracySum: z.number(),
  best: z.strictObject({ epoch: z.int(), accuracy: z.number() }).nullable(),
})

/** What a checkpoint says of itself. */
export interface CheckpointDescription {
  /** The backbone's name. */
  readonly backbone: string
  /** What was trained, for example a recipe's name; free text. */
  readonly run: string
}

/** What is saved: a model's parameters, and in a resumable checkpoint the optimiser's and the position. */
export interface CheckpointContent {
  readonly model: StateDict
  readonly description: CheckpointDescription
  readonly optimiser?: StateDict
  readonly position?: TrainingPosition
}

/**
 * Saves a checkpoint as a safetensors file, at once: `model.…` and `optimiser.…`, with the position in its metadata.
 *
 * @throws {InputError} when the file cannot be written
 */
export async function saveCheckpoint(file: string, content: CheckpointContent): Promise<void> {
  const { model, description, optimiser = {}, position } = content
  await saveState(file, mergeStates(prefixed('model', model), prefixed('optimiser', optimiser)), {
    format,
    ...description,
    ...(position && { position: JSON.stringify(position) }),
  })
}

/**
 * Restores what was saved. Nothing is assigned unless all of it fits.
 *
 * @returns where the run was; the start where the checkpoint is of a finished model
 * @throws {InputError} when the file cannot be read, is damaged, or is a checkpoint of another architecture
 */
export async function loadCheckpoint(
  file: string,
  into: { readonly model: StateDict; readonly optimiser?: StateDict },
  options: Pick<AssignOptions, 'optional'> = {},
): Promise<TrainingPosition> {
  const { tensors, metadata } = await loadSafetensors(file)
  const position = parsePosition(file, metadata.position)
  const whole = into.optimiser
    ? mergeStates(prefixed('model', into.model), prefixed('optimiser', into.optimiser))
    : into.model
  assignState(whole, tensors, file, into.optimiser ? options : { ...options, prefix: 'model' })
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
  options: Pick<AssignOptions, 'optional'> = {},
): Promise<void> {
  const { tensors } = await loadSafetensors(file)
  assignState(backbone, tensors, file, { ...options, prefix: 'model.encoder' })
}

function parsePosition(file: string, text: string | undefined): TrainingPosition {
  if (text === undefined) return startPosition
  try {
    return positionSchema.parse(JSON.parse(text))
  } catch {
    throw new InputError(
      `${file}: its training position cannot be read; start anew or use an older checkpoint`,
    )
  }
}
