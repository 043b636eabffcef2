import { randomKey } from '@m2l/engine'
import type { OnnxCard } from './card.js'
import type { FeatureMaps } from './feature-maps.js'

/** What features say of two pictures that a network was tried on. */
export interface TrialComparison {
  /**
   * How far features of a picture change with what else the network sees, as a share of how far two pictures
   * are apart.
   */
  readonly dependence: number
  /** Whether two pictures that look nothing alike have the same features. */
  readonly isConstant: boolean
}

/**
 * More dependence is not what numbers lose that are rounded, nor what 8 bits lose whose scale is that of all
 * pictures.
 */
export const mostDependence = 0.25

/** Less is rounding. */
export const leastDependence = 1e-3

/** Differences of less, beside the length of the features, are rounding. */
const rounding = 1e-5

/** Sides of the squares of one colour in pictures to try with, as a share of the side. */
const squares = 4

/**
 * Two pictures that look nothing alike, as a network is given them: squares of random colours under noise,
 * the same each time.
 *
 * @returns of each [side, side, 3], normalised
 */
export function trialPictures({
  picture: { size, mean, deviation },
}: OnnxCard): readonly [Float32Array, Float32Array] {
  const made = ['first', 'second'].map((which) => {
    const random = randomKey(1).fold('pictures to try a network with', which).generator()
    const colours = Array.from({ length: squares * squares * 3 }, () => random.uniform())
    const data = new Float32Array(size * size * 3)
    for (let at = 0; at < data.length; at++) {
      const channel = at % 3
      const [row, column] = [Math.floor(at / 3 / size), Math.floor(at / 3) % size]
      const square = Math.floor((row * squares) / size) * squares + Math.floor((column * squares) / size)
      const level = 255 * (0.75 * colours[square * 3 + channel]! + 0.25 * random.uniform())
      data[at] = (level - mean[channel]!) / deviation[channel]!
    }
    return data
  })
  return made as [Float32Array, Float32Array]
}

/** The pictures of a batch in turn, one after the other. */
export function batchOf(pictures: readonly Float32Array[]): { count: number; data: Float32Array } {
  const [{ length }] = pictures as [Float32Array]
  const data = new Float32Array(pictures.length * length)
  for (const [index, picture] of pictures.entries()) data.set(picture, index * length)
  return { count: pictures.length, data }
}

/**
 * Compares the features of a picture and those of another with those of the same picture in other company.
 *
 * @param alone features whose first are those of the picture
 * @param beside features whose first are those of the other, and whose second are those of the picture
 */
export function compareTrial(alone: FeatureMaps, beside: FeatureMaps): TrialComparison {
  const length = alone.data.length / alone.shape[0]
  const itself = alone.data.subarray(0, length)
  const [other, again] = [beside.data.subarray(0, length), beside.data.subarray(length, 2 * length)]
  const size = Math.max(lengthOf(itself), lengthOf(again), lengthOf(other))
  const apart = distance(other, again)
  const change = distance(itself, again)
  const isConstant = apart <= rounding * size && distance(other, itself) <= rounding * size
  return { dependence: change <= rounding * size ? 0 : change / Math.max(apart, rounding * size), isConstant }
}

function distance(a: Float32Array, b: Float32Array): number {
  return Math.sqrt(a.reduce((sum, value, index) => sum + (value - b[index]!) ** 2, 0))
}

function lengthOf(a: Float32Array): number {
  return Math.sqrt(a.reduce((sum, value) => sum + value ** 2, 0))
}
