import { tf } from '@m2l/engine'
import { nearestWeights, rankedProducts } from './expected-nearest.js'

/** What rows are compared with, and how. */
export interface ExpectedNearestOptions {
  /** The number of images of each class. */
  readonly shots: readonly number[]
  /** How many highest products of a row and a class are averaged. */
  readonly neighbours: number
  /** For how many rows products are made at once; at least 1. */
  readonly rowsAtOnce: number
  /** Over choices of how many images the result is expected; one result for each. */
  readonly draws: readonly number[]
  /** For each row the image that its class is to be without; none if not given. */
  readonly leftOut?: readonly number[]
}

/** Below every cosine: the products of an image that is left out. */
const leftOutProduct = -2

/**
 * What `nearestOfClasses` gives, expected over all choices of so many images of each class. It has no
 * gradient.
 *
 * @param rows [rows, channels], of unit length
 * @param others [images * descriptors, channels], of unit length, sorted by class
 * @returns for each of `draws` [rows, ways]
 * @throws {RangeError} when a choice may have fewer columns than `neighbours`
 */
export function expectedNearestOfClasses(
  rows: tf.Tensor2D,
  others: tf.Tensor2D,
  options: ExpectedNearestOptions,
): tf.Tensor2D[] {
  const { rowsAtOnce, draws, leftOut, neighbours, shots } = options
  const images = shots.reduce((sum, shot) => sum + shot, 0)
  requireColumns(options, others.shape[0] / images)
  return tf.tidy(() => {
    const parts: tf.Tensor2D[][] = []
    const columns = neighbours === 1 ? byDescriptor(others, images) : others
    for (let start = 0; start < rows.shape[0]; start += rowsAtOnce) {
      const count = Math.min(rowsAtOnce, rows.shape[0] - start)
      const some = rows.slice([start, 0], [count, -1])
      parts.push(ofSomeRows(some, columns, { ...options, leftOut: leftOut?.slice(start, start + count) }))
    }
    return draws.map((_, draw) => tf.concat(parts.map((ofPart) => ofPart[draw]!)) as tf.Tensor2D)
  })
}

type RowOptions = Omit<ExpectedNearestOptions, 'leftOut'> & {
  readonly leftOut: readonly number[] | undefined
}

function ofSomeRows(rows: tf.Tensor2D, columns: tf.Tensor2D, options: RowOptions): tf.Tensor2D[] {
  const { shots, neighbours, draws, leftOut } = options
  const images = shots.reduce((sum, shot) => sum + shot, 0)
  return tf.tidy(() => {
    const best = bestOfImages(tf.matMul(rows, columns, false, true), images, neighbours) // [rows, images, kept]
    const isLeft = leftOut && tf.oneHot(tf.tensor1d([...leftOut], 'int32'), images, 1, 0, 'bool') // [rows, images]
    const isMean = neighbours === 1 && draws.every((drawn) => drawn === 1) // then their order does not matter
    const left = isLeft ? tf.where(tf.expandDims(isLeft, 2), isMean ? 0 : leftOutProduct, best) : best
    const byShots = classesByShots(shots)
    const groups = byShots.map(({ shot, classes, imagesOfGroup }) => {
      const shape = [rows.shape[0], classes.length, shot]
      const pick = (x: tf.Tensor) =>
        byShots.length > 1 ? tf.gather(x, tf.tensor1d(imagesOfGroup, 'int32'), 1) : x
      const products = pick(left).reshape([...shape, -1])
      const ranked = isMean ? undefined : rankedProducts(products, neighbours, Math.min(...draws))
      const expected = (drawn: number, count: number): tf.Tensor =>
        ranked
          ? tf.sum(tf.mul(ranked.values, nearestWeights(ranked, { neighbours, drawn, count })), -1)
          : tf.div(tf.sum(products, [-2, -1]), count) // [rows, classes]
      const isShort = isLeft && tf.any(pick(isLeft).reshape(shape), -1) // [rows, classes]
      return draws.map((drawn) => {
        const whole = expected(drawn, shot)
        return isShort && shot > 1 ? tf.where(isShort, expected(drawn, shot - 1), whole) : whole
      })
    })
    const order = byShots.flatMap(({ classes }) => classes)
    const back = tf.tensor1d(
      shots.map((_, label) => order.indexOf(label)),
      'int32',
    )
    return draws.map((_, draw) => {
      const [first, ...others] = groups.map((ofGroup) => ofGroup[draw]!)
      return (
        others.length === 0 ? first! : tf.gather(tf.concat([first!, ...others], 1), back, 1)
      ) as tf.Tensor2D
    })
  })
}

/**
 * The first descriptors of all images, then the second ones and so on: maxima over such columns are much
 * faster.
 */
function byDescriptor(others: tf.Tensor2D, images: number): tf.Tensor2D {
  const channels = others.shape[1]
  return others.reshape([images, -1, channels]).transpose([1, 0, 2]).reshape([-1, channels])
}

/**
 * @param products [rows, all columns], by descriptor where there is one neighbour, else by image
 * @returns [rows, images, kept]: the products of each image that may count
 */
function bestOfImages(products: tf.Tensor2D, images: number, neighbours: number): tf.Tensor {
  if (neighbours === 1) return tf.expandDims(tf.max(products.reshape([products.shape[0], -1, images]), 1), 2)
  const ofImages = products.reshape([products.shape[0], images, -1])
  const ofImage = ofImages.shape[2]!
  return ofImage <= neighbours ? ofImages : tf.topk(ofImages, neighbours).values
}

/** Classes of equally many images, which are computed together. */
function classesByShots(shots: readonly number[]) {
  const starts = shots.map((_, label) => shots.slice(0, label).reduce((sum, shot) => sum + shot, 0))
  return [...new Set(shots)].map((shot) => {
    const classes = shots.flatMap((other, label) => (other === shot ? [label] : []))
    const imagesOfGroup = classes.flatMap((label) =>
      Array.from({ length: shot }, (_, index) => starts[label]! + index),
    )
    return { shot, classes, imagesOfGroup }
  })
}

function requireColumns(
  { shots, neighbours, draws, leftOut }: ExpectedNearestOptions,
  ofImage: number,
): void {
  const smallest = Math.max(1, Math.min(...shots) - (leftOut ? 1 : 0))
  const columns = Math.min(smallest, ...draws) * ofImage
  if (neighbours > columns) {
    throw new RangeError(`cannot average the ${neighbours} highest values of ${columns}`)
  }
}
