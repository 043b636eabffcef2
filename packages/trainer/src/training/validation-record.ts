import { count } from '@m2l/engine'
import { writeFileAtomically } from '@m2l/engine-native'
import type { EpisodeTask } from '../evaluation/episode-task.js'
import type { TrainingHistory } from './training-history.js'

/**
 * Writes a line for each validation so far, for people. All lines come from the history, which is part of the
 * checkpoint: none is doubled or missing, wherever a run was broken off.
 */
export async function writeValidationRecord(
  file: string,
  { epochs }: TrainingHistory,
  task: EpisodeTask,
): Promise<void> {
  let best = Number.NEGATIVE_INFINITY
  const lines = epochs.flatMap((measured) => {
    const { validation } = measured
    if (!validation) return []
    const isBest = validation.accuracy > best
    if (isBest) best = validation.accuracy
    return [recordLine({ ...measured, validation }, isBest, task)]
  })
  await writeFileAtomically(file, lines.join(''))
}

type Epoch = TrainingHistory['epochs'][number]

function recordLine(
  { epoch, loss, skipped = 0, validation }: Epoch & { validation: NonNullable<Epoch['validation']> },
  isBest: boolean,
  task: EpisodeTask,
): string {
  const percent = (fraction: number) => (100 * fraction).toFixed(2)
  return (
    `epoch ${epoch}: training loss ${loss.toFixed(4)}, validation loss ${validation.loss.toFixed(4)}, ` +
    `validation accuracy ${percent(validation.accuracy)} ± ${percent(validation.halfWidth95)} % (${task.text})` +
    `${skipped > 0 ? `, ${count(skipped, 'step')} skipped` : ''}${isBest ? ', best so far' : ''}\n`
  )
}
