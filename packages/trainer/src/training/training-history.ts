import { z } from 'zod'

/** A number that was measured; what is not finite is null in JSON. */
export const measured = z
  .number()
  .nullable()
  .transform((value) => value ?? Number.NaN)

/**
 * What a training has measured so far; it is kept in its checkpoint, so that a resumed run goes on with it.
 */
export const historySchema = z.strictObject({
  /** Training losses over the whole run, of some steps together. */
  losses: z.array(
    z.strictObject({
      /** How much of the run was done after the last of these steps, in epochs. */
      epoch: z.number(),
      steps: z.int(),
      /** Without steps that were skipped. */
      lossSum: measured,
      /** Those of the steps that were skipped, if any. */
      skipped: z.int().exactOptional(),
    }),
  ),
  epochs: z.array(
    z.strictObject({
      /** Counted from 1. */
      epoch: z.int(),
      /** Means over the epoch's training steps. */
      loss: measured,
      accuracy: measured,
      /** Steps that were skipped, if any; the means are without them. */
      skipped: z.int().exactOptional(),
      /** The learning rate. */
      rate: z.number(),
      /** Null where the epoch was not validated. */
      validation: z.strictObject({ loss: measured, accuracy: measured, halfWidth95: measured }).nullable(),
    }),
  ),
})

export type TrainingHistory = z.output<typeof historySchema>
type LossPoint = TrainingHistory['losses'][number]

/** So many steps are put together at least. */
const leastSteps = 10

/**
 * When there are more points than this, they are joined in pairs, so that the history of any run is small.
 */
const mostPoints = 400

/**
 * A curve with the losses of the next steps. They join the last point of the same epoch while that is of
 * fewer steps than the others: where an interruption has divided some steps, the curve is the same to the
 * last bit.
 *
 * @param epoch how much of the run is done after these steps, in epochs
 * @param skipped steps beside those of the losses that were skipped
 */
export function withLosses(
  curve: readonly LossPoint[],
  losses: Float32Array,
  epoch: number,
  skipped = 0,
): LossPoint[] {
  const last = curve.at(-1)
  const most = Math.max(leastSteps, curve[0]?.steps ?? 0)
  const steps = losses.length + skipped
  const joins = last !== undefined && !Number.isInteger(last.epoch) && last.steps + steps <= most
  const before: Omit<LossPoint, 'epoch'> = joins ? last : { steps: 0, lossSum: 0 }
  const point = {
    epoch,
    steps: before.steps + steps,
    lossSum: sumOf(losses, before.lossSum),
    ...skippedIn([before, { skipped }]),
  }
  const extended = [...(joins ? curve.slice(0, -1) : curve), point]
  return extended.length <= mostPoints ? extended : joinedInPairs(extended)
}

/** The mean loss of a point of the curve; NaN where all its steps were skipped. */
export function meanLoss({ steps, lossSum, skipped = 0 }: LossPoint): number {
  return lossSum / (steps - skipped)
}

function skippedIn(points: readonly { readonly skipped?: number }[]): { skipped?: number } {
  const skipped = points.reduce((sum, point) => sum + (point.skipped ?? 0), 0)
  return skipped > 0 ? { skipped } : {}
}

/** Adds values one after the other to a sum, so that it does not matter how they were divided. */
export function sumOf(values: Float32Array, start = 0): number {
  return values.reduce((sum, value) => sum + value, start)
}

function joinedInPairs(points: readonly LossPoint[]): LossPoint[] {
  return Array.from({ length: Math.ceil(points.length / 2) }, (_, pair) => {
    const [first, second] = points.slice(2 * pair, 2 * pair + 2) as [LossPoint, LossPoint?]
    if (!second) return first
    return {
      epoch: second.epoch,
      steps: first.steps + second.steps,
      lossSum: first.lossSum + second.lossSum,
      ...skippedIn([first, second]),
    }
  })
}
