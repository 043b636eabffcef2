import { z } from 'zod'

/** A number that was measured; what is not finite is null in JSON. */
export const measured = z
  .number()
  .nullable()
  .transform((value) => value ?? Number.NaN)

/** What a training has measured so far; it is kept in its checkpoint, so that a resumed run goes on with it. */
export const historySchema = z.strictObject({
  /** Training losses, each a mean over some steps, of the whole run. */
  losses: z.array(
    z.strictObject({
      /** How much of the run was done after the last of these steps, in epochs. */
      epoch: z.number(),
      steps: z.int(),
      loss: measured,
    }),
  ),
  epochs: z.array(
    z.strictObject({
      /** Counted from 1. */
      epoch: z.int(),
      /** Means over the epoch's training steps. */
      loss: measured,
      accuracy: measured,
      /** The learning rate. */
      rate: z.number(),
      /** Null where the epoch was not validated. */
      validation: z.strictObject({ loss: measured, accuracy: measured, halfWidth95: measured }).nullable(),
    }),
  ),
})

export type TrainingHistory = z.output<typeof historySchema>
type LossPoint = TrainingHistory['losses'][number]

/** When there are more losses than this, they are joined in pairs, so that a record of any run is small. */
const mostLosses = 400

/**
 * Losses with one more mean of some steps, which joins the last one of the same epoch while that is of fewer steps than the
 * others.
 */
export function withLoss(losses: readonly LossPoint[], next: LossPoint): LossPoint[] {
  const last = losses.at(-1)
  const sameEpoch = last !== undefined && !Number.isInteger(last.epoch)
  const joins = sameEpoch && last.steps + next.steps <= losses[0]!.steps
  const extended = joins ? [...losses.slice(0, -1), joined(last, next)] : [...losses, next]
  if (extended.length <= mostLosses) return extended
  return Array.from({ length: Math.ceil(extended.length / 2) }, (_, pair) => {
    const [first, second] = extended.slice(2 * pair, 2 * pair + 2) as [LossPoint, LossPoint?]
    return second ? joined(first, second) : first
  })
}

function joined(first: LossPoint, second: LossPoint): LossPoint {
  const steps = first.steps + second.steps
  const loss = (first.loss * first.steps + second.loss * second.steps) / steps
  return { epoch: second.epoch, steps, loss }
}
