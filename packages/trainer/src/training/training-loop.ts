import { join } from 'node:path'
import { count, span, tf } from '@m2l/engine'
import type { Optimiser, Schedule, StateDict } from '@m2l/nn'
import { saveCheckpoint, type CheckpointDescription, type TrainingPosition } from '../run/checkpoint.js'
import { saveNewest } from '../run/checkpoint-series.js'
import type { OnEager } from '@m2l/model'
import { explainingFullDisk } from '../run/disk-full.js'
import { NonFiniteError } from './non-finite-error.js'
import type { EpisodeTask } from '../evaluation/episode-task.js'
import { ProgressMeter, type OnProgress, type Phase, type Progress } from '../run/progress.js'
import type { RunFolder } from '../run/run-folder.js'
import { faultOf, type StepChecks, type StepFault } from './step-guard.js'
import { TensorBoardWriter } from './tensorboard.js'
import { sumOf, withLosses } from './training-history.js'
import { writeValidationRecord } from './validation-record.js'
import { WaitingTimes } from './waiting.js'

/** What a training step measures: tensors that wait on the engine until they are read. */
export type StepMeasures = Readonly<Record<'loss' | 'accuracy', tf.Scalar>> & {
  /**
   * For each of the step's checks whether it was finite, [checks], bool; a step where one was not changed
   * nothing.
   */
  readonly finite: tf.Tensor1D
}

/** What a validation measures. */
export interface Validation {
  readonly loss: number
  readonly accuracy: number
  readonly halfWidth95: number
}

/** A validation, and what was told apart in it. */
export interface ValidationResult extends Validation {
  readonly task: EpisodeTask
}

/** What distinguishes one kind of training from another. */
export interface TrainingTask<Batch> {
  readonly phase: Extract<Phase, 'pretrain' | 'train'>
  readonly unit: 'batches' | 'episodes'
  /** How many classes a training step tells apart. */
  readonly classes: number
  /** What validations tell apart. */
  readonly validated: EpisodeTask
  readonly unitsPerStep: number
  readonly stepsPerEpoch: number
  readonly model: StateDict
  readonly optimiser: Optimiser
  /** What `StepMeasures.finite` tells of. */
  readonly checks: StepChecks
  /**
   * Writes down what a step learned from, so that it can be looked at alone.
   *
   * @param part of the batch; all of it if not given
   * @returns what it is called, for example `episode 12`
   */
  keepForReplay(file: string, at: { epoch: number; step: number }, part?: number): Promise<string>
  /** The batches of an epoch from a step on; the same whenever asked. */
  batches(epoch: number, firstStep: number): AsyncIterable<Batch>
  /** Learns from one batch and frees it; random draws depend on the epoch and the step alone. */
  step(batch: Batch, at: { epoch: number; step: number; rate: number }): StepMeasures
  /**
   * Validates after an epoch counted from 1, or gives nothing where this epoch is not validated.
   *
   * @throws the reason of the run's signal when it is aborted; going on with the run validates anew
   */
  validate(epoch: number): Promise<Validation | undefined>
}

/** How a run is carried out and where it leaves its results. */
export interface TrainingRun {
  readonly folder: RunFolder
  readonly description: CheckpointDescription
  readonly epochs: number
  readonly schedule: Schedule
  /** Where to go on; the start if not given. */
  readonly position: TrainingPosition
  /** Called before anything is written into the folder; throws where it is no longer this run's. */
  readonly requireHeld?: () => Promise<void>
  /** How many checkpoints are kept, the newest among them, beside the best; 2 if not given. */
  readonly keep?: number
  /** After how many steps of an epoch a checkpoint is saved, beside that at its end; 500 if not given. */
  readonly checkpointSteps?: number
  /**
   * What is done where a number of a step is not finite: `stop` ends the run with its checkpoints as they
   * were, `skip` leaves the step out. `stop` if not given.
   */
  readonly onNan?: 'stop' | 'skip'
  /** Receives one line for each step that is skipped. */
  readonly onSkip?: (line: string) => void
  readonly onProgress?: OnProgress
  /** See `GraphFunctionOptions` of `@m2l/engine`, of steps and of what validates. */
  readonly onEager?: OnEager
  readonly onValidation?: (epoch: number, validation: ValidationResult, isBest: boolean) => void
  /**
   * Called after each epoch, when its checkpoint is saved, and when a run goes on after one; training waits
   * for it.
   */
  readonly onEpoch?: (position: TrainingPosition) => Promise<void>
  /**
   * Aborting finishes the step under way or breaks off the validation, saves a checkpoint and ends the run.
   */
  readonly signal?: AbortSignal
}

export interface TrainingOutcome {
  readonly position: TrainingPosition
  /** Steps of the whole run that were skipped because not all was finite. */
  readonly skipped: number
  /** False when the run was interrupted. */
  readonly completed: boolean
  readonly seconds: number
  /**
   * The share of the time of training steps, without validations, in which the engine waited for pictures,
   * from 0 to 1; of this process.
   */
  readonly waiting: number
  /** What validations tell apart. */
  readonly validated: EpisodeTask
}

/** Losses are read from the engine after so many steps. */
const stepsPerRead = 10

/** A checkpoint is written after so many steps of an epoch, where nothing else is said. */
const stepsPerCheckpoint = 500

/**
 * Trains for the epochs left, validating and saving as it goes: `last` after each epoch, every 500 steps or
 * as told, and when interrupted; `best` whenever a validation is the best so far.
 *
 * @throws {NonFiniteError} when a number of a step is not finite, where such steps are not to be skipped
 * @throws {InputError} when the disk is full; the last checkpoint is then whole
 */
export async function runTraining<Batch>(
  task: TrainingTask<Batch>,
  run: TrainingRun,
): Promise<TrainingOutcome> {
  return explainingFullDisk(run.folder, () => trainEpochs(task, run))
}

async function trainEpochs<Batch>(task: TrainingTask<Batch>, run: TrainingRun): Promise<TrainingOutcome> {
  const start = performance.now()
  const { folder, description, epochs, signal } = run
  let position = run.position
  const waitingOfRun = new WaitingTimes()
  const board = new TensorBoardWriter(folder.path, position.epoch * task.stepsPerEpoch + position.step)
  const content = () => ({ model: task.model, optimiser: task.optimiser.state, description, position })
  const saveLast = async () => {
    await run.requireHeld?.()
    await span('checkpoint', () => saveNewest(folder, content(), run.keep))
  }
  const outcome = (completed: boolean): TrainingOutcome => ({
    position,
    completed,
    skipped: skippedSoFar(position),
    seconds: (performance.now() - start) / 1000,
    waiting: waitingOfRun.share,
    validated: task.validated,
  })

  await writeValidationRecord(folder.record, position.history, task.validated)
  if (position.epoch > 0) await run.onEpoch?.(position) // a process that was killed may have left it undone
  while (position.epoch < epochs) {
    const waiting = new WaitingTimes()
    const firstStep = position.step
    position = await trainEpoch(task, run, position, board, waiting, async (reached) => {
      position = reached
      await saveLast()
    })
    waitingOfRun.add(waiting)
    if (position.step < task.stepsPerEpoch) return outcome(false)
    if (position.step > firstStep) {
      board.scalar('waiting', waiting.share, position.epoch * task.stepsPerEpoch + position.step)
    }
    try {
      position = await closeEpoch(task, run, position, board)
    } catch (error) {
      if (!signal?.aborted || error !== signal.reason) throw error
      await saveLast()
      return outcome(false)
    }
    await saveLast()
    await writeValidationRecord(folder.record, position.history, task.validated)
    await run.onEpoch?.(position)
    if (signal?.aborted && position.epoch < epochs) return outcome(false)
  }
  return outcome(true)
}

/** @returns the position at the end of the epoch, or within it when the signal was aborted. */
async function trainEpoch<Batch>(
  task: TrainingTask<Batch>,
  run: TrainingRun,
  from: TrainingPosition,
  board: TensorBoardWriter,
  waiting: WaitingTimes,
  save: (position: TrainingPosition) => Promise<void>,
): Promise<TrainingPosition> {
  const { phase, unit, unitsPerStep, stepsPerEpoch } = task
  const { epochs, schedule, onProgress, signal, checkpointSteps = stepsPerCheckpoint } = run
  let position = from
  const meter = new ProgressMeter(
    onProgress,
    {
      phase,
      unit,
      epoch: from.epoch + 1,
      epochs,
      total: stepsPerEpoch * unitsPerStep,
      chance: 1 / task.classes,
    },
    from.step * unitsPerStep,
  )
  const unread: StepMeasures[] = []
  let means: Pick<Progress, 'loss' | 'accuracy'> = from.step === 0 ? {} : meansOf(from)
  const report = () => meter.update(position.step * unitsPerStep, { ...means, waiting: waiting.share })
  const read = async () => {
    const { epoch, step, history } = position
    const firstStep = step - unread.length
    const { losses, accuracies, faults } = await span('read back', () => readMeasures(unread, task.checks))
    for (const [index, fault] of faults) await meetFault(task, run, { epoch, step: firstStep + index }, fault)
    if (step === firstStep) return
    position = {
      ...position,
      lossSum: sumOf(losses, position.lossSum),
      accuracySum: sumOf(accuracies, position.accuracySum),
      skipped: position.skipped + faults.size,
      history: {
        ...history,
        losses: withLosses(history.losses, losses, epoch + step / stepsPerEpoch, faults.size),
      },
    }
    means = meansOf(position)
    if (losses.length > 0)
      board.scalar('loss_train', sumOf(losses) / losses.length, epoch * stepsPerEpoch + step)
  }
  if (from.step === stepsPerEpoch) return from
  report()
  for await (const batch of waiting.measured(task.batches(from.epoch, from.step))) {
    const { epoch, step } = position
    unread.push(span('step', () => task.step(batch, { epoch, step, rate: schedule(epoch) })))
    position = { ...position, step: step + 1 }
    const isLast = position.step === stepsPerEpoch
    if (position.step % stepsPerRead === 0 || isLast) await read()
    report()
    if (signal?.aborted) break
    if (position.step % checkpointSteps === 0 && !isLast) {
      await read()
      await save(position)
    }
  }
  await read()
  if (signal?.aborted) await save(position)
  return position
}

function meansOf({ step, skipped, lossSum, accuracySum }: TrainingPosition): {
  loss: number
  accuracy: number
} {
  return { loss: lossSum / (step - skipped), accuracy: accuracySum / (step - skipped) }
}

function skippedSoFar({ skipped, history }: TrainingPosition): number {
  return history.epochs.reduce((sum, epoch) => sum + (epoch.skipped ?? 0), skipped)
}

/**
 * Losses and accuracies of the steps where all was finite, and by its index what was not in each other step.
 */
async function readMeasures(
  unread: StepMeasures[],
  checks: StepChecks,
): Promise<{ losses: Float32Array; accuracies: Float32Array; faults: ReadonlyMap<number, StepFault> }> {
  const measures = unread.splice(0)
  const steps = measures.length
  if (steps === 0) return { losses: new Float32Array(), accuracies: new Float32Array(), faults: new Map() }
  const [joined, joinedFlags] = tf.tidy(() => [
    tf.stack([...measures.map(({ loss }) => loss), ...measures.map(({ accuracy }) => accuracy)]),
    tf.stack(measures.map(({ finite }) => finite)),
  ])
  const values = (await joined!.data()) as Float32Array
  const flags = (await joinedFlags!.data()) as Uint8Array
  tf.dispose([joined, joinedFlags, measures.map((measure) => Object.values(measure))])
  const ofStep = flags.length / steps
  const faults = new Map<number, StepFault>()
  for (let index = 0; index < steps; index++) {
    const fault = faultOf(checks, flags.subarray(index * ofStep, (index + 1) * ofStep))
    if (fault) faults.set(index, fault)
  }
  const isFinite = (_: number, index: number) => !faults.has(index)
  return {
    losses: values.subarray(0, steps).filter(isFinite),
    accuracies: values.subarray(steps).filter(isFinite),
    faults,
  }
}

/**
 * Writes down what a step learned from in which not all was finite, and stops or says that it was skipped.
 */
async function meetFault<Batch>(
  task: TrainingTask<Batch>,
  { folder, onNan = 'stop', onSkip }: TrainingRun,
  at: { epoch: number; step: number },
  { what, part }: StepFault,
): Promise<void> {
  const number = at.epoch * task.stepsPerEpoch + at.step + 1
  const file = join(folder.path, `fault-step-${number}.jsonl`)
  const batch = await task.keepForReplay(file, at, part)
  const where = `step ${number} (epoch ${at.epoch + 1}, step ${at.step + 1}): not finite in ${batch}: ${what}`
  if (onNan === 'skip') return onSkip?.(`${where}; skipped, and kept in ${file}`)
  throw new NonFiniteError(
    `${where}; ${file} keeps what it learned from, the checkpoints are as they were: try a smaller learning rate, or go on without such steps (--resume --on-nan skip)`,
  )
}

/** Validates, keeps the model where it is the best so far, and moves to the next epoch. */
async function closeEpoch<Batch>(
  task: TrainingTask<Batch>,
  { folder, description, schedule, onValidation, requireHeld }: TrainingRun,
  position: TrainingPosition,
  board: TensorBoardWriter,
): Promise<TrainingPosition> {
  const epoch = position.epoch + 1
  const { skipped } = position
  if (skipped === task.stepsPerEpoch) {
    throw new NonFiniteError(
      `epoch ${epoch}: in none of its ${count(skipped, 'step')} all numbers were finite, so nothing was learned; ${folder.last} is as it was: try a smaller learning rate`,
    )
  }
  const validation = await span('validate', () => task.validate(epoch))
  let best = position.best
  if (validation) {
    const isBest = best === null || validation.accuracy > best.accuracy
    if (isBest) {
      best = { epoch, accuracy: validation.accuracy }
      await requireHeld?.()
      await span('checkpoint', () => saveCheckpoint(folder.best, { model: task.model, description }))
    }
    board.scalar('loss_val', validation.loss, epoch * task.stepsPerEpoch)
    board.scalar('acc_val', validation.accuracy, epoch * task.stepsPerEpoch)
    onValidation?.(epoch, { ...validation, task: task.validated }, isBest)
  }
  const measured = {
    epoch,
    ...meansOf(position),
    ...(skipped > 0 && { skipped }),
    rate: schedule(position.epoch),
    validation: validation ?? null,
  }
  const history = { ...position.history, epochs: [...position.history.epochs, measured] }
  return { epoch, step: 0, lossSum: 0, accuracySum: 0, skipped: 0, best, history }
}
