import type { Precision } from '@m2l/engine'
import type { BankSize } from '@m2l/trainer'
import type { SettingDifference } from '../agreement/settings.js'
import type { DisplayNames } from '../class-names/class-names.js'
import type { RecipeLevels } from '@m2l/model'

/** The accuracy of a recipe's model on test episodes; all accuracies are fractions of 1. */
export interface EvaluationReport {
  readonly recipe: string
  readonly checkpoint: string
  readonly dataset: string
  readonly split: string
  readonly ways: number
  readonly shots: number | readonly number[]
  readonly queries: number
  readonly episodes: number
  /** In which convolutions and products were computed. */
  readonly precision: Precision
  /** In semi-supervised episodes only. */
  readonly semiSupervised?: SemiSupervisedReport
  /** Settings in which the recipe contradicts the weights, which were taken nevertheless (`force`). */
  readonly differences: readonly SettingDifference[]
  /** What a person should know before believing the accuracies, a line each. */
  readonly notes: readonly string[]
  /**
   * Names the evaluation by all that its numbers depend on: episodes, pictures, weights, model, precision.
   */
  readonly evaluation: string
  /** The SHA-256 of the file of weights. */
  readonly weightsHash: string
  /** A SHA-256 over some of the split's pictures. */
  readonly picturesHash: string
  /** What guessing gives, in fractions of 1. */
  readonly chance: number
  /** Of the fused prediction as `fused`, and of each level alone under its name. */
  readonly accuracy: Readonly<Record<string, number>>
  /** Half widths of the 95 % intervals, under the same names. */
  readonly interval95: Readonly<Record<string, number>>
  /**
   * The fused prediction in each of `test.total_testtimes` rounds; `accuracy` and `interval95` are of all
   * episodes.
   */
  readonly rounds: readonly { readonly accuracy: number; readonly interval95: number }[]
  readonly manifest: string
  /** What was predicted for each query, see `writePredictions`. */
  readonly predictions: string
  readonly result: string
  /** Where the result of another evaluation was moved that the run folder held. */
  readonly earlier?: string
  /** The page, where one was asked for. */
  readonly page?: string
  /** The card, likewise. */
  readonly card?: string
  /**
   * The embeddings of all images of the episodes, each computed once: how many, how large, and where they
   * were kept.
   */
  readonly bank: BankSize
  /** What people call the classes, where a file of names says it of some. */
  readonly displayNames?: DisplayNames
  readonly seconds: number
}

/** How unlabelled images took part in an evaluation. */
export interface SemiSupervisedReport {
  readonly labelledShare: number
  /** Unlabelled images of each of an episode's classes and of each distractor class. */
  readonly unlabelledPerClass: number
  readonly distractorClasses: number
  /** The levels that use them, with their options. */
  readonly levels: RecipeLevels
}
