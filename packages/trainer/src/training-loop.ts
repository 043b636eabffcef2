import { appendFile } from 'node:fs/promises'
import { span, tf } from '@m2l/engine'
import type { Optimiser, Schedule, StateDict } from '@m2l/nn'
import { saveCheckpoint, type CheckpointDescription, type TrainingPosition } from './checkpoint.js'
import { ProgressMeter, type OnProgress, type Phase, type Progress } from './progress.js'
import type { RunFolder } from './run-folder.js'
import { TensorBoardWriter } from './tensorboard.js'
import { sumOf, withLosses } from './training-history.js'
import { WaitingTimes } from './waiting.js'

/** What a training step measures: scalars that wait on the engine until they are read. */
export type StepMeasures = Readonly<Record<'loss' | 'accuracy', tf.Scalar>>

/** What a validation measures. */
export interface Validation {
  readonly loss: number
  readonly accuracy: number
  readonly halfWidth95: number
}

/** What distinguishes one kind of training from another. */
export interface TrainingTask<Batch> {
  readonly phase: Extract<Phase, 'pretrain' | 'train'>
  readonly unit: 'batches' | 'episodes'
  readonly unitsPerStep: number
  readonly stepsPerEpoch: number
  readonly model: StateDict
  readonly optimiser: Optimiser
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
  readonly onProgress?: OnProgress
  /** Receives the reason where steps cannot run as a graph and go on operation by operation. */
  readonly onEager?: (reason: string) => void
  readonly onValidation?: (epoch: number, validation: Validation, isBest: boolean) => void
  /** Called after each epoch, when its checkpoint is saved; training waits for it. */
  readonly onEpoch?: (position: TrainingPosition) => Promise<void>
  /** Aborting finishes the step under way or breaks off the validation, saves a checkpoint and ends the run. */
  readonly signal?: AbortSignal
}

export interface TrainingOutcome {
  readonly position: TrainingPosition
  /** False when the run was interrupted. */
  readonly completed: boolean
  readonly seconds: number
  /**
   * The share of the time of training steps, without validations, in which the engine waited for pictures, from 0 to 1; of
   * this process.
   */
  readonly waiting: number
}

/** Losses are read from the engine after so many steps, checkpoints written after so many. */
const stepsPerRead = 10
const stepsPerCheckpoint = 500

/**
 * Trains for the epochs left, validating and saving as it goes: `last` after each epoch, every 500 steps and when
 * interrupted; `best` whenever a validation is the best so far.
 */
export async function runTraining<Batch>(
  task: TrainingTask<Batch>,
  run: TrainingRun,
): Promise<TrainingOutcome> {
  const start = performance.now()
  const { folder, description, epochs, signal } = run
  let position = run.position
  const waitingOfRun = new WaitingTimes()
  const board = new TensorBoardWriter(folder.path, position.epoch * task.stepsPerEpoch + position.step)
  const saveLast = () =>
    span('checkpoint', () =>
      saveCheckpoint(folder.last, {
        model: task.model,
        optimiser: task.optimiser.state,
        description,
        position,
      }),
    )
  const outcome = (completed: boolean) => ({
    position,
    completed,
    seconds: (performance.now() - start) / 1000,
    waiting: waitingOfRun.share,
  })

  while (position.epoch < epochs) {
    const waiting = new WaitingTimes()
    position = await trainEpoch(task, run, position, board, waiting, async (reached) => {
      position = reached
      await saveLast()
    })
    waitingOfRun.add(waiting)
    board.scalar('waiting', waiting.share, position.epoch * task.stepsPerEpoch + position.step)
    if (position.step < task.stepsPerEpoch) return outcome(false)
    try {
      position = await closeEpoch(task, run, position, board)
    } catch (error) {
      if (!signal?.aborted || error !== signal.reason) throw error
      await saveLast()
      return outcome(false)
    }
    await saveLast()
    await run.onEpoch?.(position)
    if (signal?.aborted && position.epoch < epochs) return outcome(false)
  }
  return outcome(true)
}

/** @returns the position at the end of the epoch, or within it when the signal was aborted. */
async function trainEpoch<Batch>(
  task: TrainingTask<Batch>,
  { epochs, schedule, onProgress, signal }: TrainingRun,
  from: TrainingPosition,
  board: TensorBoardWriter,
  waiting: WaitingTimes,
  save: (position: TrainingPosition) => Promise<void>,
): Promise<TrainingPosition> {
  const { phase, unit, unitsPerStep, stepsPerEpoch } = task
  let position = from
  const meter = new ProgressMeter(
    onProgress,
    { phase, unit, epoch: from.epoch + 1, epochs, total: stepsPerEpoch * unitsPerStep },
    from.step * unitsPerStep,
  )
  const unread: StepMeasures[] = []
  let means: Pick<Progress, 'loss' | 'accuracy'> = from.step === 0 ? {} : meansOf(from)
  const report = () => meter.update(position.step * unitsPerStep, { ...means, waiting: waiting.share })
  const read = async () => {
    const { epoch, step, history } = position
    const { losses, accuracies } = await span('read back', () => readMeasures(unread))
    if (losses.length === 0) return
    position = {
      ...position,
      lossSum: sumOf(losses, position.lossSum),
      accuracySum: sumOf(accuracies, position.accuracySum),
      history: { ...history, losses: withLosses(history.losses, losses, epoch + step / stepsPerEpoch) },
    }
    means = meansOf(position)
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
    if (position.step % stepsPerCheckpoint === 0 && !isLast) {
      await read()
      await save(position)
    }
  }
  await read()
  if (signal?.aborted) await save(position)
  return position
}

function meansOf({ step, lossSum, accuracySum }: TrainingPosition): { loss: number; accuracy: number } {
  return { loss: lossSum / step, accuracy: accuracySum / step }
}

async function readMeasures(
  unread: StepMeasures[],
): Promise<{ losses: Float32Array; accuracies: Float32Array }> {
  const measures = unread.splice(0)
  const count = measures.length
  if (count === 0) return { losses: new Float32Array(), accuracies: new Float32Array() }
  const joined = tf.tidy(() =>
    tf.stack([...measures.map(({ loss }) => loss), ...measures.map(({ accuracy }) => accuracy)]),
  )
  const values = (await joined.data()) as Float32Array
  tf.dispose([joined, measures.map((measure) => [measure.loss, measure.accuracy])])
  return { losses: values.subarray(0, count), accuracies: values.subarray(count) }
}

/** Validates, keeps the model where it is the best so far, and moves to the next epoch. */
async function closeEpoch<Batch>(
  task: TrainingTask<Batch>,
  { folder, description, schedule, onValidation }: TrainingRun,
  position: TrainingPosition,
  board: TensorBoardWriter,
): Promise<TrainingPosition> {
  const epoch = position.epoch + 1
  const validation = await span('validate', () => task.validate(epoch))
  let best = position.best
  if (validation) {
    const isBest = best === null || validation.accuracy > best.accuracy
    if (isBest) {
      best = { epoch, accuracy: validation.accuracy }
      await span('checkpoint', () => saveCheckpoint(folder.best, { model: task.model, description }))
    }
    board.scalar('loss_val', validation.loss, epoch * task.stepsPerEpoch)
    board.scalar('acc_val', validation.accuracy, epoch * task.stepsPerEpoch)
    await appendFile(folder.record, recordLine(epoch, position, validation, isBest))
    onValidation?.(epoch, validation, isBest)
  }
  const measured = {
    epoch,
    ...meansOf(position),
    rate: schedule(position.epoch),
    validation: validation ?? null,
  }
  const history = { ...position.history, epochs: [...position.history.epochs, measured] }
  return { epoch, step: 0, lossSum: 0, accuracySum: 0, best, history }
}

function recordLine(
  epoch: number,
  { step, lossSum }: TrainingPosition,
  validation: Validation,
  isBest: boolean,
): string {
  const percent = (fraction: number) => (100 * fraction).toFixed(2)
  const { loss, accuracy, halfWidth95 } = validation
  return (
    `epoch ${epoch}: training loss ${(lossSum / step).toFixed(4)}, validation loss ${loss.toFixed(4)}, ` +
    `validation accuracy ${percent(accuracy)} ± ${percent(halfWidth95)} %${isBest ? ', best so far' : ''}\n`
  )
}
