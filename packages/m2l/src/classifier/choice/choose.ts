import { LevelFusion } from '@m2l/metric'
import { centredLevel } from '@m2l/metric-head'
import type { Candidate, SeenClass } from '../candidate.js'
import { disposeEmbedding, imageCount, joinImages } from '../embedded-images.js'
import { supportOf, type LabelledImages } from '../labelled-images.js'
import { examplesByOthers, spreadPlaces } from '../leave-one-out-scores.js'
import { highest, probabilitiesOf, scoreQueries, type Scores } from '../scores.js'
import type { ShotCounts } from '../shot-counts.js'
import { isClearlyWorse } from './clearly-worse.js'
import { fitHeads, type FittedHeads } from './fit-heads.js'
import { fitTemperature, mean } from './temperature.js'

/** What is chosen by the examples: weights, and what compares. */
export interface Choice {
  /** The position of the candidate. */
  readonly candidate: number
  readonly metric: LevelFusion
  /** The heads that were fitted; nothing where levels are as they were trained. */
  readonly heads?: FittedHeads
  /** How good each candidate is by the examples, where there are several. */
  readonly tried: readonly Trial[]
  /** What stood in for new pictures, where there are several candidates. */
  readonly by?: 'examples by the others' | 'crops by the examples'
}

/** How good a candidate is by the examples; null where it cannot be used with them. */
export interface Trial {
  readonly candidate: number
  /** In nats, at the best temperature. */
  readonly crossEntropy: number | null
  /** A fraction of 1. */
  readonly accuracy: number | null
}

/** The classes as each candidate sees them, by label; nothing where one of its examples cannot be seen by it. */
export type SeenClasses = ReadonlyMap<string, readonly (SeenClass | undefined)[]>

interface ChoiceOptions {
  readonly counts: ShotCounts
  readonly signal?: AbortSignal | undefined
}

/**
 * Chooses by what examples say of each other: of several weights those at whose best temperature the cross entropy is least of
 * examples that are left out in turn; where a class has one example, of crops of the examples that whole examples classify by
 * their class means. Then heads, see {@link fitHeads}. A candidate that takes more effort is taken in place of its simpler one where
 * it is better by more than chance explains; that is not asked of crops.
 *
 * @param classes two or more
 * @throws {InputError} when scores are not finite
 * @throws the signal's reason when it is aborted
 */
export async function choose(
  candidates: readonly Candidate[],
  classes: SeenClasses,
  options: ChoiceOptions,
): Promise<Choice> {
  const ready = await Promise.all(
    candidates.map(async (candidate, index) => prepared(candidate, index, classes, options)),
  )
  const able = ready.filter((one) => one !== undefined)
  const [first] = able
  if (candidates.length === 1) return { ...chosen(first!), tried: [] }
  const isFew = [...first!.labelled.values()].some((images) => imageCount(images) < 2)
  const judged: ({ readonly one: Prepared } & Judgement)[] = []
  for (const one of able) {
    options.signal?.throwIfAborted()
    if (isFew && candidates[one.candidate]!.insteadOf) continue
    judged.push({
      one,
      ...(await (isFew ? judgeByCrops(one, classes, options) : judgeByOthers(one, options))),
    })
  }
  const plain = judged.filter(({ one }) => !candidates[one.candidate]!.insteadOf)
  const least = plain.reduce((a, b) => (b.crossEntropy < a.crossEntropy ? b : a))
  const costlier = judged.find(
    ({ one }) => candidates[one.candidate]!.insteadOf === candidates[least.one.candidate],
  )
  const best = costlier && isClearlyWorse(least.losses, costlier.losses) ? costlier : least
  return {
    ...chosen(best.one),
    by: isFew ? 'crops by the examples' : 'examples by the others',
    tried: candidates.map((_, candidate) => {
      const trial = judged.find(({ one }) => one.candidate === candidate)
      return { candidate, crossEntropy: trial?.crossEntropy ?? null, accuracy: trial?.accuracy ?? null }
    }),
  }
}

interface Prepared {
  readonly candidate: number
  readonly labelled: LabelledImages
  readonly metric: LevelFusion
  readonly heads?: FittedHeads
}

async function prepared(
  { comparison }: Candidate,
  candidate: number,
  classes: SeenClasses,
  options: ChoiceOptions,
): Promise<Prepared | undefined> {
  const seen = [...classes].map(([label, ofClass]) => [label, ofClass[candidate]] as const)
  if (seen.some(([, one]) => one === undefined)) return undefined
  const labelled = new Map(seen.map(([label, one]) => [label, one!.images]))
  if ('metric' in comparison) return { candidate, labelled, metric: comparison.metric }
  const heads = await fitHeads(labelled, comparison.ranges, options)
  return { candidate, labelled, metric: heads.metric, heads }
}

function chosen({ candidate, metric, heads }: Prepared): Pick<Choice, 'candidate' | 'metric' | 'heads'> {
  return { candidate, metric, ...(heads && { heads }) }
}

async function judgeByOthers({ labelled, metric }: Prepared, options: ChoiceOptions): Promise<Judgement> {
  const places = spreadPlaces(labelled)
  const scores = await examplesByOthers(metric, labelled, places, options)
  return judgementOf(
    metric,
    scores,
    places.map(([way]) => way),
  )
}

async function judgeByCrops(
  { candidate, labelled, metric: own, heads }: Prepared,
  classes: SeenClasses,
  options: ChoiceOptions,
): Promise<Judgement> {
  // Trained levels that look at parts would know crops by the parts that they are.
  const metric = heads || !hasMap(labelled) ? own : onWholeMap()
  const crops = [...classes.values()].map((ofClass) => ofClass[candidate]!.crops!)
  const support = supportOf(labelled, options.counts)
  try {
    const scores = await scoreQueries(metric, support, joinImages(crops))
    const truths = crops.flatMap((ofClass, way) => Array.from({ length: imageCount(ofClass) }, () => way))
    return await judgementOf(metric, scores, truths)
  } finally {
    disposeEmbedding(support)
  }
}

function hasMap(labelled: LabelledImages): boolean {
  return [...labelled.values()].every(({ map }) => map !== undefined)
}

function onWholeMap(): LevelFusion {
  return new LevelFusion([{ level: centredLevel(), weight: 1, temperature: 1 }], 'product')
}

interface Judgement {
  readonly losses: readonly number[]
  readonly crossEntropy: number
  readonly accuracy: number
}

async function judgementOf(
  metric: LevelFusion,
  scores: Scores,
  truths: readonly number[],
): Promise<Judgement> {
  const { fused, ways } = await probabilitiesOf(metric, scores)
  const logs = fused.map((probability) => Math.log(Math.max(probability, 1e-30)))
  const right = truths.filter(
    (truth, row) => highest([...fused.subarray(row * ways, (row + 1) * ways)]) === truth,
  )
  const { losses } = fitTemperature(logs, truths)
  return { losses, crossEntropy: mean(losses), accuracy: right.length / truths.length }
}
