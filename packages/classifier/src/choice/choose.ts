import { LevelFusion } from '@m2l/metric'
import { centredLevel } from '@m2l/metric-head'
import type { Candidate, SeenClass } from '../candidate.js'
import { imageCount, type EmbeddedImages } from '../embedding/embedded-images.js'
import type { LabelledImages } from '../labelled-images.js'
import { canLeaveOut, type ShotCounts } from '../shot-counts.js'
import { isClearlyWorse } from './clearly-worse.js'
import { fitHeads, nearestMeans, type FittedHeads } from './fit-heads.js'
import { judgeByCrops, judgeByOthers, type Judged, type Judgement } from './judge.js'

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

/**
 * The classes as each candidate sees them, by label; nothing where one of its examples cannot be seen by it.
 */
export type SeenClasses = ReadonlyMap<string, readonly (SeenClass | undefined)[]>

interface ChoiceOptions {
  readonly counts: ShotCounts
  readonly signal?: AbortSignal | undefined
}

/**
 * Chooses by what examples say of each other: first weights, by {@link judgeByOthers}, or where most classes
 * have one example by {@link judgeByCrops}; then heads, see {@link fitHeads}.
 *
 * Of weights the first, which are those for photographs, are taken unless the best others are better by more
 * than chance explains: trained weights may have seen the classes, which makes their examples look better
 * than what follows. Crops of the first are too easy to be told apart by chance, so that of them the least
 * cross entropy decides. A candidate that takes more effort is taken in place of its simpler one where it is
 * better by more than chance explains; that is not asked of crops.
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
  if (able.length === 1) return { ...chosen(first!), tried: untried(candidates) }
  const isCostlier = ({ candidate }: Prepared) => {
    const { insteadOf } = candidates[candidate]!
    return insteadOf !== undefined && able.some((other) => candidates[other.candidate] === insteadOf)
  }
  const shots = [...first!.labelled.values()].map(imageCount)
  const isFew = !canLeaveOut(shots)
  const judged: ({ readonly one: Prepared } & Judgement)[] = []
  for (const one of able) {
    options.signal?.throwIfAborted()
    if (isFew && isCostlier(one)) continue
    const judgement = isFew
      ? await judgeByCrops(one, await cropsOf(classes, one.candidate), options)
      : await judgeByOthers(one, options)
    judged.push({ one, ...judgement })
  }
  const plain = judged.filter(({ one }) => !isCostlier(one))
  const least = plain.reduce((a, b) => (b.crossEntropy < a.crossEntropy ? b : a))
  const usual = plain[0]!
  const whole = isFew || isClearlyWorse(usual.losses, least.losses) ? least : usual
  const costlier = judged.find(
    ({ one }) => candidates[one.candidate]!.insteadOf === candidates[whole.one.candidate],
  )
  const best = costlier && isClearlyWorse(whole.losses, costlier.losses) ? costlier : whole
  return {
    ...chosen(best.one),
    by: isFew ? 'crops by the examples' : 'examples by the others',
    tried: candidates.map((_, candidate) => {
      const trial = judged.find(({ one }) => one.candidate === candidate)
      return { candidate, crossEntropy: trial?.crossEntropy ?? null, accuracy: trial?.accuracy ?? null }
    }),
  }
}

function untried(candidates: readonly Candidate[]): Trial[] {
  return candidates.map((_, candidate) => ({ candidate, crossEntropy: null, accuracy: null }))
}

interface Prepared extends Judged {
  readonly candidate: number
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
  if ('metric' in comparison) {
    const { metric } = comparison
    return { candidate, labelled, metric, ofOneExample: hasMap(labelled) ? meansOfWholeMap() : metric }
  }
  const heads = await fitHeads(labelled, comparison.ranges, options)
  const ofOneExample = nearestMeans(comparison.ranges).metric
  return { candidate, labelled, metric: heads.metric, ofOneExample, heads }
}

function chosen({ candidate, metric, heads }: Prepared): Pick<Choice, 'candidate' | 'metric' | 'heads'> {
  return { candidate, metric, heads }
}

/** Trained levels that look at parts would know crops by the parts that they are. */
function meansOfWholeMap(): LevelFusion {
  return new LevelFusion(
    [{ level: centredLevel({ classifier: 'nearest-mean' }), weight: 1, temperature: 1 }],
    'product',
  )
}

function hasMap(labelled: LabelledImages): boolean {
  return [...labelled.values()].every(({ map }) => map !== undefined)
}

async function cropsOf(classes: SeenClasses, candidate: number): Promise<(EmbeddedImages | undefined)[]> {
  const crops: (EmbeddedImages | undefined)[] = []
  for (const ofClass of classes.values()) crops.push(await ofClass[candidate]!.crops?.())
  return crops
}
