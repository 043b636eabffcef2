import type { Region } from '@m2l/nn'

/**
 * Where in the pictures the prediction for one query came from: plain data, as JSON holds it. Regions are
 * shares of the original picture's height and width.
 */
export interface QueryExplanation {
  /** The query's name. */
  readonly query: string
  /** The name of the class that the model takes it for. */
  readonly predicted: string
  /** The name of the class that it is of, where that is known. */
  readonly truth?: string
  /** The fused probabilities of all classes, in their order; they sum to 1. */
  readonly probabilities: readonly ClassProbability[]
  readonly levels: readonly ExplainedLevel[]
}

export interface ClassProbability {
  readonly class: string
  /** From 0 to 1. */
  readonly probability: number
}

/** What one level says. */
export interface ExplainedLevel {
  readonly name: string
  /** The factor of its probabilities in the fusion. */
  readonly weight: number
  /** Whether the level tells where its scores come from. */
  readonly explains: boolean
  /** All classes, in their order. */
  readonly classes: readonly ExplainedScore[]
}

/** A level's score of the query for one class. */
export interface ExplainedScore extends ClassProbability {
  /** Higher is nearer; its unit is the level's own. */
  readonly score: number
  /**
   * By how much it is above the mean of the other classes' scores; the score itself where there is no other
   * class.
   */
  readonly lead: number
  /** Where it came from; of the classes asked for, where the level explains. */
  readonly origin?: ScoreOrigin
}

/** A score, and its lead over the other classes, as sums over places of pictures. */
export interface ScoreOrigin {
  readonly query: PlaceSum
  readonly support: PlaceSum
  /**
   * Places of the query and of supports that met, where the level compares such; in order of their evidence.
   */
  readonly matches?: readonly PlaceMatch[]
  /**
   * Where a level compares pooled features, of which only the direction counts: contributions and evidence
   * are what places add to the score and to the lead to first order, and sum to 0 in each picture; `rest` is
   * the score.
   */
  readonly gradient?: true
}

/** A score as a sum over places of some pictures, and the rest. */
export interface PlaceSum {
  readonly pictures: readonly PicturePlaces[]
  /** What of the score no place of these pictures stands for. */
  readonly rest: number
}

/** The places of a picture, as the backbone saw them. */
export interface PicturePlaces {
  readonly picture: string
  /** The picture's position among all supports, among the unlabelled ones, or 0 for the query. */
  readonly index: number
  readonly unlabelled?: true
  readonly places: readonly Place[]
}

export interface Place {
  readonly region: Region
  /** What the place adds to the score. */
  readonly contribution: number
  /** What it adds to the lead: above 0 where it speaks for the class rather than for others. */
  readonly evidence: number
}

/** A place of the query and the place of a support that it met. */
export interface PlaceMatch {
  readonly query: Region
  readonly support: Region
  /** The support's name. */
  readonly picture: string
  /** Its position among all supports. */
  readonly index: number
  /** As the level measures it: a cosine, or for alignment how much is attended to. */
  readonly similarity: number
  readonly contribution: number
  readonly evidence: number
}
