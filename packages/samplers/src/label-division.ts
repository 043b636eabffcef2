import type { RandomKey } from '@m2l/engine'

/** How the images of every class are divided into labelled and unlabelled ones. */
export interface LabelDivision {
  /** The share of each class's images, rounded down, that are labelled: above 0, below 1. */
  readonly labelledShare: number
  /** Which images these are depends on this key and the class's name and number of images only. */
  readonly divisionKey: RandomKey
}

/** The images of one class, by index, in ascending order. */
export interface DividedClass {
  readonly labelled: readonly number[]
  readonly unlabelled: readonly number[]
  isLabelled(image: number): boolean
}

/** A class as far as its division depends on it. */
interface DivisibleClass {
  readonly name: string
  readonly images: { readonly length: number }
}

/** Divides the images of one class at random, the same way in every episode. */
export function divideClass(
  { name, images }: DivisibleClass,
  { labelledShare, divisionKey }: LabelDivision,
): DividedClass {
  const all = Array.from({ length: images.length }, (_, index) => index)
  const count = labelledCount(images.length, labelledShare)
  const labelled = new Set(divisionKey.fold('labelled', name).generator().sample(all, count))
  return {
    labelled: all.filter((image) => labelled.has(image)),
    unlabelled: all.filter((image) => !labelled.has(image)),
    isLabelled: (image) => labelled.has(image),
  }
}

/** How many of a class's images are labelled. */
export function labelledCount(images: number, labelledShare: number): number {
  return Math.floor(images * labelledShare)
}

/** The division of a class by its index in the split. */
export type ClassDivisions = (classIndex: number) => DividedClass

/** The divisions of a split's classes, each made when first asked for. */
export function classDivisions(classes: readonly DivisibleClass[], division: LabelDivision): ClassDivisions {
  const divided = new Map<number, DividedClass>()
  return (classIndex) => {
    let ofClass = divided.get(classIndex)
    if (!ofClass) divided.set(classIndex, (ofClass = divideClass(classes[classIndex]!, division)))
    return ofClass
  }
}
