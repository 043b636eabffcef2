import type { LevelFusion } from '@m2l/metric'
import {
  chooseImages,
  disposeEmbedding,
  imageCount,
  joinImages,
  type EmbeddedImages,
} from '../embedding/embedded-images.js'
import { supportOf, type LabelledImages } from '../labelled-images.js'
import { examplesByOthers, spreadPlaces } from '../leave-one-out-scores.js'
import { highest, probabilitiesOf, scoreQueries, type Probabilities } from '../scores.js'
import type { ShotCounts } from '../shot-counts.js'
import { fitTemperature, mean } from './temperature.js'

/** Weights that are judged by the examples that they see. */
export interface Judged {
  readonly labelled: LabelledImages
  /** What compares. */
  readonly metric: LevelFusion
  /** What compares where a class has one example. */
  readonly ofOneExample: LevelFusion
}

/** How well examples are told apart. */
export interface Judgement {
  /**
   * The cross entropy of each example, in nats, at the best temperature; the same examples for all weights.
   */
  readonly losses: readonly number[]
  /** Their mean. */
  readonly crossEntropy: number
  /** The share that is right, of 1. */
  readonly accuracy: number
}

interface JudgeOptions {
  readonly counts: ShotCounts
  readonly signal?: AbortSignal | undefined
}

/** More rounds with a single example a class tell little more. */
const mostRounds = 5

/**
 * Judges by examples of which each is left out in turn, and in rounds in which one example of each class has
 * to tell all others: where the others know every example, that is a harder question, which tells good
 * weights from better ones. Losses are the sums.
 */
export async function judgeByOthers(judged: Judged, options: JudgeOptions): Promise<Judgement> {
  const { labelled, metric } = judged
  const shots = [...labelled.values()].map(imageCount)
  const places = spreadPlaces(labelled).filter(([way]) => shots[way]! > 1)
  const scores = await examplesByOthers(metric, labelled, places, options)
  const probabilities = await probabilitiesOf(metric, scores)
  const truths = places.map(([way]) => way)
  const alone = lossesOf(probabilities, truths)
  const rounds: { probabilities: Probabilities; positions: number[] }[] = []
  for (let round = 0; round < Math.min(mostRounds, Math.max(...shots)); round++) {
    options.signal?.throwIfAborted()
    const chosen = shots.map((shot) => round % shot)
    const positions = places.flatMap(([way, position], index) => (position === chosen[way] ? [] : [index]))
    const support = new Map(
      [...labelled].map(([label, images], way) => [label, chooseImages(images, [chosen[way]!])] as const),
    )
    const queries = positions.map((index) => {
      const [way, position] = places[index]!
      return chooseImages([...labelled.values()][way]!, [position])
    })
    rounds.push({ positions, probabilities: await compared(judged.ofOneExample, support, queries, options) })
  }
  const inRounds = lossesInRounds(rounds, truths)
  const losses = alone.map((loss, index) => loss + (inRounds[index] ?? 0))
  return { losses, crossEntropy: mean(losses), accuracy: accuracyOf(probabilities, truths) }
}

/**
 * Judges by crops of examples that whole examples tell apart, one example a class.
 *
 * @param crops of each class, as far as there are some
 */
export async function judgeByCrops(
  { labelled, ofOneExample }: Judged,
  crops: readonly (EmbeddedImages | undefined)[],
  options: JudgeOptions,
): Promise<Judgement> {
  const there = crops.filter((ofClass) => ofClass !== undefined)
  const probabilities = await compared(ofOneExample, labelled, there, options)
  const truths = crops.flatMap((ofClass, way) => {
    return ofClass ? Array.from({ length: imageCount(ofClass) }, () => way) : []
  })
  const losses = lossesOf(probabilities, truths)
  return { losses, crossEntropy: mean(losses), accuracy: accuracyOf(probabilities, truths) }
}

async function compared(
  metric: LevelFusion,
  labelled: LabelledImages,
  queries: readonly EmbeddedImages[],
  { counts }: JudgeOptions,
): Promise<Probabilities> {
  const support = supportOf(labelled, counts)
  try {
    return await probabilitiesOf(metric, await scoreQueries(metric, support, joinImages(queries)))
  } finally {
    disposeEmbedding(support)
  }
}

/**
 * The mean loss of each example over the rounds that ask of it, at one temperature for all; undefined where
 * none does.
 */
function lossesInRounds(
  rounds: readonly { readonly probabilities: Probabilities; readonly positions: readonly number[] }[],
  truths: readonly number[],
): (number | undefined)[] {
  const asked = rounds.flatMap(({ positions }) => positions)
  const { losses } = fitTemperature(
    Float32Array.from(rounds.flatMap(({ probabilities }) => [...logsOf(probabilities)])),
    asked.map((index) => truths[index]!),
  )
  return truths.map((_truth, index) => {
    const own = losses.filter((_loss, row) => asked[row] === index)
    return own.length === 0 ? undefined : mean(own)
  })
}

function lossesOf(probabilities: Probabilities, truths: readonly number[]): readonly number[] {
  return fitTemperature(logsOf(probabilities), truths).losses
}

function logsOf({ fused }: Probabilities): Float32Array {
  return fused.map((probability) => Math.log(Math.max(probability, 1e-30)))
}

function accuracyOf({ fused, ways }: Probabilities, truths: readonly number[]): number {
  const rowOf = (row: number) => [...fused.subarray(row * ways, (row + 1) * ways)]
  return truths.filter((truth, row) => highest(rowOf(row)) === truth).length / truths.length
}
