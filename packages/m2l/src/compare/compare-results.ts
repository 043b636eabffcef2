import { InputError, randomKey } from '@m2l/engine'
import type { Episode } from '@m2l/samplers'
import { interval95, pairedDifference } from '@m2l/trainer'
import { readResult, type StoredResult } from './read-result.js'

/** How to compare. */
export interface CompareOptions {
  /** Of the permutation test. Default 1. */
  readonly seed?: number
  /** Random permutations. Default 10,000. */
  readonly permutations?: number
  /** How many of the episodes that differ most are listed. Default 10. */
  readonly episodes?: number
  /** Compares results on other pictures of the same names, too. */
  readonly force?: boolean
}

/** Two results on the same episodes, A and B; accuracies are fractions of 1, differences are A - B. */
export interface Comparison {
  readonly a: ComparedResult
  readonly b: ComparedResult
  readonly dataset: string
  readonly split: string
  readonly episodes: number
  readonly ways: number
  readonly shots: number | readonly number[]
  /** Of each class. */
  readonly queries: number
  readonly seed: number
  readonly permutations: number
  /** Of the fused predictions as `fused`, and of each level that both have. */
  readonly levels: Readonly<Record<string, ComparedPredictions>>
  /** Levels that only one of the results has. */
  readonly levelsApart: { readonly a: readonly string[]; readonly b: readonly string[] }
  /** Of the fused predictions, for each class that occurs; the largest difference first. */
  readonly perClass: readonly ComparedClass[]
  /** The episodes whose fused accuracies differ most; none where they are the same. */
  readonly mostDifferent: readonly ComparedEpisode[]
  /**
   * What a person should know before believing it, a line each: how the results differ otherwise, and what
   * was said of them.
   */
  readonly notes: readonly string[]
}

export interface ComparedResult {
  readonly source: string
  readonly recipe: string
  readonly checkpoint: string
}

export interface ComparedPredictions {
  readonly a: number
  readonly b: number
  readonly difference: number
  /** Half the width of the 95 % interval of the difference, by Student's t over episodes. */
  readonly interval95: number
  /** See `pairedDifference` of `@m2l/trainer`. */
  readonly pPermutation: number
  readonly pT: number
  /** The share of queries to which both gave the same way, right or wrong. */
  readonly agreement: number
  /** Shares of queries by who was right; they add up to 1. */
  readonly right: {
    readonly both: number
    readonly onlyA: number
    readonly onlyB: number
    readonly neither: number
  }
}

export interface ComparedClass {
  readonly class: string
  /** Episodes in which it occurs. */
  readonly episodes: number
  readonly a: number
  readonly b: number
  readonly difference: number
  readonly interval95: number
}

export interface ComparedEpisode {
  /** Its place in the manifest, counted from 0. */
  readonly episode: number
  readonly classes: readonly string[]
  readonly a: number
  readonly b: number
  readonly difference: number
}

/**
 * Compares what two evaluations have left, episode by episode.
 *
 * @param a a run folder, or its `predictions.jsonl` or `result.json`
 * @throws {InputError} when one cannot be read, or they are not of the same episodes, or of other pictures
 *   and not to be compared nevertheless
 */
export async function compareResults(
  a: string,
  b: string,
  options: CompareOptions = {},
): Promise<Comparison> {
  const { seed = 1, permutations = 10_000, episodes = 10, force = false } = options
  const [first, second] = await Promise.all([readResult(a), readResult(b)])
  requireSameEpisodes(first, second)
  const notes = otherwise(first, second, force)
  const { manifest } = first
  const key = randomKey(seed).fold('compare')
  const common = [...first.predictions.keys()].filter((name) => second.predictions.has(name))
  const levels = common.map((name) => {
    const [ofA, ofB] = [first.predictions.get(name)!, second.predictions.get(name)!]
    const [accuraciesA, accuraciesB] = [ofA, ofB].map((rows) => accuracies(rows, manifest.queries)) as Pair
    const { mean, halfWidth95, pPermutation, pT } = pairedDifference(
      accuraciesA,
      accuraciesB,
      key.fold(name),
      permutations,
    )
    const compared: ComparedPredictions = {
      a: meanOf(accuraciesA),
      b: meanOf(accuraciesB),
      difference: mean,
      interval95: halfWidth95,
      pPermutation,
      pT,
      ...agreementOf(ofA, ofB, manifest.queries),
    }
    return [name, compared] as const
  })
  return {
    a: described(first),
    b: described(second),
    dataset: first.dataset,
    split: first.split,
    episodes: manifest.episodes.length,
    ways: manifest.ways,
    shots: manifest.shots,
    queries: manifest.queries,
    seed,
    permutations,
    levels: Object.fromEntries(levels),
    levelsApart: { a: namesOf(first, common), b: namesOf(second, common) },
    perClass: comparedClasses(first, second),
    mostDifferent: mostDifferent(first, second, episodes),
    notes,
  }
}

type Pair = [number[], number[]]

function requireSameEpisodes(a: StoredResult, b: StoredResult): void {
  if (a.manifestHash === b.manifestHash) return
  const of = ({ source, manifest, manifestHash: hash }: StoredResult) =>
    `${source} is of ${manifest.episodes.length} ${manifest.ways}-way episodes of ${manifest.dataset} ${manifest.split} (${hash.slice(0, 12)}…)`
  throw new InputError(
    `${of(a)}, ${of(b)}: other episodes; evaluate one with --manifest and the other's test-manifest.jsonl`,
  )
}

/**
 * In what else results differ. @throws {InputError} when it is in their pictures, unless that is asked for
 */
function otherwise(a: StoredResult, b: StoredResult, force: boolean): string[] {
  const areOther = `${a.source} and ${b.source} are of other pictures of the same names`
  const bothSay = a.picturesHash !== undefined && b.picturesHash !== undefined
  if (bothSay && a.picturesHash !== b.picturesHash && !force) {
    throw new InputError(
      `${areOther}; evaluate both on the same data, or compare them nevertheless with --force`,
    )
  }
  return [
    ...(bothSay && a.picturesHash !== b.picturesHash ? [`${areOther}; compared nevertheless`] : []),
    ...(bothSay
      ? []
      : [
          `one of ${a.source} and ${b.source} does not say which pictures it is of: only names could be compared`,
        ]),
    ...(a.precision === b.precision || a.precision === undefined || b.precision === undefined
      ? []
      : [`${a.source} was computed in ${a.precision}, ${b.source} in ${b.precision}`]),
    ...a.notes.map((note) => `${a.source}: ${note}`),
    ...b.notes.map((note) => `${b.source}: ${note}`),
  ]
}

function comparedClasses(a: StoredResult, b: StoredResult): ComparedClass[] {
  const { queries, episodes } = a.manifest
  const byClass = new Map<number, [number, number][]>()
  episodes.forEach(({ classes }, episode) => {
    const [ofA, ofB] = [fused(a)[episode]!, fused(b)[episode]!]
    classes.forEach((classIndex, way) => {
      const accuracyOf = (row: readonly number[]) =>
        meanOf(row.slice(way * queries, (way + 1) * queries).map((given) => Number(given === way)))
      const pairs = byClass.get(classIndex) ?? []
      pairs.push([accuracyOf(ofA), accuracyOf(ofB)])
      byClass.set(classIndex, pairs)
    })
  })
  return [...byClass]
    .map(([classIndex, pairs]) => {
      const { mean, halfWidth95 } = interval95(pairs.map(([ofA, ofB]) => ofA - ofB))
      return {
        class: classNameOf(a, classIndex),
        episodes: pairs.length,
        a: meanOf(pairs.map(([ofA]) => ofA)),
        b: meanOf(pairs.map(([, ofB]) => ofB)),
        difference: mean,
        interval95: halfWidth95,
      }
    })
    .sort(byDifference)
}

function mostDifferent(a: StoredResult, b: StoredResult, count: number): ComparedEpisode[] {
  const { queries, episodes } = a.manifest
  const [ofA, ofB] = [a, b].map((result) => accuracies(fused(result), queries)) as Pair
  return episodes
    .map(({ classes }: Episode, episode) => ({
      episode,
      classes: classes.map((classIndex) => classNameOf(a, classIndex)),
      a: ofA[episode]!,
      b: ofB[episode]!,
      difference: ofA[episode]! - ofB[episode]!,
    }))
    .filter(({ difference }) => difference !== 0)
    .sort(byDifference)
    .slice(0, count)
}

function agreementOf(
  a: readonly (readonly number[])[],
  b: readonly (readonly number[])[],
  queries: number,
): Pick<ComparedPredictions, 'agreement' | 'right'> {
  const counts = { same: 0, both: 0, onlyA: 0, onlyB: 0, neither: 0 }
  let total = 0
  a.forEach((row, episode) => {
    row.forEach((given, query) => {
      const [way, other] = [Math.floor(query / queries), b[episode]![query]!]
      if (given === other) counts.same++
      if (given === way) counts[other === way ? 'both' : 'onlyA']++
      else counts[other === way ? 'onlyB' : 'neither']++
      total++
    })
  })
  const { same, both, onlyA, onlyB, neither } = counts
  return {
    agreement: same / total,
    right: { both: both / total, onlyA: onlyA / total, onlyB: onlyB / total, neither: neither / total },
  }
}

/** The share of right predictions in each episode. */
function accuracies(rows: readonly (readonly number[])[], queries: number): number[] {
  return rows.map((row) => meanOf(row.map((given, query) => Number(given === Math.floor(query / queries)))))
}

function fused({ predictions }: StoredResult): readonly (readonly number[])[] {
  return predictions.get('fused')!
}

function classNameOf({ classNames }: StoredResult, index: number): string {
  return classNames?.[index] ?? `class ${index}`
}

function described({ source, recipe, checkpoint }: StoredResult): ComparedResult {
  return { source, recipe, checkpoint }
}

function namesOf({ predictions }: StoredResult, common: readonly string[]): string[] {
  return [...predictions.keys()].filter((name) => !common.includes(name))
}

function byDifference(a: { readonly difference: number }, b: { readonly difference: number }): number {
  return Math.abs(b.difference) - Math.abs(a.difference)
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
