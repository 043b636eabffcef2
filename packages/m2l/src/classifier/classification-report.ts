import type { ClassifierChoice, LabelNext } from '@m2l/classifier'
import type { DisplayNames } from '../class-names/class-names.js'
import type { UnreadableExample } from './support-pictures.js'

/** A class and its probability, from 0 to 1. */
export interface ClassProbability {
  readonly label: string
  readonly probability: number
}

/** What is said of a picture. */
export interface PicturePrediction {
  readonly file: string
  /** The class, or `unknown`. */
  readonly label: string
  /** What people call the class, where a file of names says it. */
  readonly displayName?: string
  /** The probability of the nearest class among all, from 0 to 1. */
  readonly probability: number
  /**
   * The classes with their probabilities, the most probable first; together 1 unless only some were asked
   * for.
   */
  readonly probabilities: readonly ClassProbability[]
  /**
   * What each level says alone: its class with the probability, and its score of the nearest class of all
   * levels.
   */
  readonly levels: Readonly<Record<string, { label: string; probability: number; score: number }>>
  /**
   * Only where unknown pictures are told: the nearest class, and how familiar the picture is, from 0 to 1.
   */
  readonly nearest?: string
  readonly familiarity?: number
  /**
   * The class by its place; where unknown pictures are told, `unknown` for no class. Only where the place
   * says it.
   */
  readonly truth?: string
  /** That it is an example itself, so that what is said of it is no evidence and accuracy leaves it out. */
  readonly isExample?: true
}

/** What came of it; accuracies are fractions of 1. */
export interface ClassificationReport {
  readonly weights: string
  /** What was chosen by the examples, and why. */
  readonly choice: ClassifierChoice
  /** The number of examples, by class. */
  readonly classes: Readonly<Record<string, number>>
  /** What people call the classes, as far as a file of names says it. */
  readonly displayNames: DisplayNames
  readonly predictions: readonly PicturePrediction[]
  /** Of the pictures whose class is known and that are no examples; null where there is none. */
  readonly accuracy: number | null
  /** How many pictures these are. */
  readonly measured: number
  /** Its 95 % interval, by Wilson's score. */
  readonly interval95: readonly [low: number, high: number] | null
  /** The share of each class's pictures that are right; only classes that have some. */
  readonly perClass: Readonly<Record<string, number>>
  /** How many pictures of each class (a row) were given each label (a column). */
  readonly confusion: {
    readonly labels: readonly string[]
    readonly counts: readonly (readonly number[])[]
  } | null
  /**
   * Labels of tables, and folders beside those of classes, that are no class, with their numbers of pictures.
   */
  readonly otherLabels: Readonly<Record<string, number>>
  /** Only where unknown pictures are told. */
  readonly unknown: UnknownReport | null
  /** How many examples the others recognise when each is left out in turn; null where no class has two. */
  readonly leaveOneOut: LeaveOneOutReport | null
  /** The pictures whose labels would help most, the first before the others. */
  readonly labelNext: readonly LabelNext[]
  /** Pictures that could not be read, and why. */
  readonly unreadable: readonly { readonly file: string; readonly reason: string }[]
  /** Examples that could not be read, and why. */
  readonly unreadableExamples: readonly UnreadableExample[]
  /** What a person should know, a line each. */
  readonly notes: readonly string[]
  readonly seconds: number
}

/** What examples say of each other, each left out in turn. */
export interface LeaveOneOutReport {
  /** How many were left out. */
  readonly images: number
  /** The share of them that the others recognise. */
  readonly accuracy: number
  /** Those that the others take for another class, the surest first. */
  readonly mistakes: readonly MistakenExample[]
}

/** An example that the others take for another class: wrongly sorted, or hard. */
export interface MistakenExample {
  readonly file: string
  /** The class that it was given for. */
  readonly truth: string
  /** The class that it was taken for. */
  readonly label: string
  /** The probability of that class, from 0 to 1. */
  readonly probability: number
}

/** How unknown pictures are told. */
export interface UnknownReport {
  readonly threshold: number
  /** The share of examples at or above it, left out one by one. */
  readonly examplesKept: number
  /** The share of examples below it, left out with their whole class. */
  readonly strangersFound: number
  /**
   * How well familiarity tells the pictures of the classes from others; null where their places do not say.
   */
  readonly auroc: number | null
  /** How many pictures were called unknown. */
  readonly called: number
  /**
   * Of pictures of the classes, by their places, that are no examples: being called unknown counts as wrong.
   * Null where there are none.
   */
  readonly ofClasses: CalledUnknown | null
  /** Of pictures of no class, by their places. Null where there are none. */
  readonly ofOthers: Pick<CalledUnknown, 'pictures' | 'called'> | null
}

/** How many pictures of a kind were called unknown. */
export interface CalledUnknown {
  readonly pictures: number
  readonly called: number
  /** The share of those that are right which were not; null where all were. */
  readonly accuracyOfRest: number | null
}

/** What pictures of no class are called. */
export const unknownLabel = 'unknown'
