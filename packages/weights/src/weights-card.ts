/** What shipped weights were made of and by, and how good they are. */
export interface WeightsCard {
  readonly name: string
  readonly description: string
  readonly data: WeightsData
  readonly training: WeightsTraining
  /** What the model is good for, and what not. */
  readonly use: string
  readonly licence: string
  /** On classes that no training or choice has seen. */
  readonly accuracy: readonly MeasuredAccuracy[]
  readonly parameters: number
  readonly bytes: number
  /** Of the file, in hexadecimal. */
  readonly sha256: string
}

/** What was learned from. */
export interface WeightsData {
  readonly name: string
  readonly pictures: string
  readonly licence: string
  /** Hashes of the splits that were learned from and chosen by, `ImageSplit.hash` of `@m2l/datasets`. */
  readonly splits: Readonly<Record<string, string>>
}

/** How it was learned. */
export interface WeightsTraining {
  /** What was run, in this order, in the root of the repository. */
  readonly commands: readonly string[]
  readonly seed: number
  /** How the checkpoint was chosen among those of all epochs. */
  readonly chosenBy: string
  readonly engine: string
}

/** An accuracy on episodes. */
export interface MeasuredAccuracy {
  readonly split: string
  readonly ways: number
  readonly shots: number
  /** Of each class, in an episode. */
  readonly queries: number
  readonly episodes: number
  /** In fractions of 1: of the fused prediction as `fused`, and of each level alone under its name. */
  readonly accuracy: Readonly<Record<string, number>>
  /** Half widths of the 95 % intervals, under the same names. */
  readonly interval95: Readonly<Record<string, number>>
}
