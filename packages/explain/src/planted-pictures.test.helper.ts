import { squareResize, gridParts, type RgbImage } from '@m2l/pictures'
import { tf } from '@m2l/engine'
import { LevelFusion, type MetricLevel } from '@m2l/metric'
import type { Backbone } from '@m2l/nn'
import { FewShotModel, type ForwardEncoding, type ImageTransforms } from '@m2l/model'
import { QueryExplainer } from './index.js'

/** A grey picture with a coloured square of 8x8 pixels, its place counted in squares. */
export function planted(colour: readonly [number, number, number], row: number, column: number): RgbImage {
  const side = 32
  const data = new Uint8Array(side * side * 3).fill(90)
  for (let y = 8 * row; y < 8 * (row + 1); y++) {
    for (let x = 8 * column; x < 8 * (column + 1); x++) data.set(colour, 3 * (y * side + x))
  }
  return { width: side, height: side, data }
}

export const red = [230, 20, 20] as const
export const green = [20, 200, 20] as const

/**
 * The mean colour, from -1 to 1, of each of the squares: a backbone without weights whose features can be
 * foretold.
 */
const squares: Backbone = {
  name: 'squares',
  channels: 3,
  state: {},
  embed: (images) => tf.tidy(() => tf.sub(tf.avgPool(images, 8, 8, 'valid'), 90 / 255)),
  outputSize: (height, width) => [Math.floor(height / 8), Math.floor(width / 8)],
  dispose: () => {},
}

/**
 * What the supports of the planted classes show: a red square at the top left, a green one at the top right.
 */
export const plantedClasses = [
  { name: 'red', pictures: [{ name: 'red/1.png', picture: planted(red, 0, 0) }] },
  { name: 'green', pictures: [{ name: 'green/1.png', picture: planted(green, 0, 3) }] },
]

export const plantedTransforms: ImageTransforms = {
  whole: squareResize(32),
  parts: gridParts([4], 16),
  normalisation: { mean: [0, 0, 0], std: [1, 1, 1] },
}

export function plantedExplainer(
  levels: readonly MetricLevel[],
  encoding: ForwardEncoding = { map: 'positions' },
): QueryExplainer {
  const metric = new LevelFusion(levels.map((level) => ({ level, weight: 1, temperature: 1 })))
  const model = new FewShotModel(squares, metric, encoding)
  return new QueryExplainer({ model, transforms: plantedTransforms, classes: plantedClasses })
}

/** Levels in words of the contract alone, so that this package needs none of theirs. */
export const silentLevel: MetricLevel = {
  name: 'silent',
  needs: ['map'],
  state: {},
  scores: ({ map, shots }, query) =>
    tf.tidy(() => {
      const pooled = (x: tf.Tensor4D) => tf.mean(x, [1, 2]) as tf.Tensor2D
      const scores = tf.matMul(pooled(query.map!), pooled(map!), false, true)
      return scores.slice([0, 0], [-1, shots.length]) as tf.Tensor2D
    }),
}
