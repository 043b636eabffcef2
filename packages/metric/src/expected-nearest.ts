import { tf } from '@m2l/engine'
import { expectedMaximumWeights, restOfChoice } from './choice-weights.js'

/** How the products of a row with the images of a class become one number. */
export interface NearestOfChoice {
  /** How many highest products are averaged. */
  readonly neighbours: number
  /**
   * Over choices of how many images the mean of the highest products is expected; of all where the class has
   * no more.
   */
  readonly drawn: number
  /** Of how many images they are chosen: all, or one less where one is left out. */
  readonly count: number
}

/** Products of rows and images in descending order, as far as they may be among the highest of a choice. */
export interface RankedProducts {
  /** [..., products] */
  readonly values: tf.Tensor
  /** [..., products]: where they are among those that were given, image by image. */
  readonly places: tf.Tensor
  /** How many of each image there are. */
  readonly perImage: number
}

/**
 * The `neighbours` highest products of each image, in descending order over all images.
 *
 * @param products [..., images, products of an image]
 * @param drawn how many images are drawn at least: the last ones of the order cannot be the highest of so
 *   many
 */
export function rankedProducts(products: tf.Tensor, neighbours: number, drawn = 1): RankedProducts {
  const [images, ofImage] = products.shape.slice(-2) as [number, number]
  const outer = products.shape.slice(0, -2)
  const perImage = Math.min(neighbours, ofImage)
  const kept = ofImage > 1 ? tf.topk(products, perImage).values : products
  const length = neighbours === 1 ? images - Math.min(drawn, images) + 1 : images * perImage
  const { values, indices } = tf.topk(kept.reshape([...outer, images * perImage]), length)
  return { values, places: indices, perImage }
}

/**
 * By how much each of ranked products counts in the expected mean of the highest ones.
 *
 * A product is among the `neighbours` highest of a choice when its image is chosen and less than `neighbours`
 * higher ones are. Of the other images, some have one higher product, some two, and so on: the ways to choose
 * among each of these kinds are counted, for every number of higher products that is allowed.
 *
 * @returns [..., products], or [products] where it does not depend on the values; together 1
 */
export function nearestWeights({ places, perImage }: RankedProducts, choice: NearestOfChoice): tf.Tensor {
  const { neighbours, drawn, count } = choice
  const length = places.shape.at(-1)!
  if (neighbours === 1) {
    const weights = expectedMaximumWeights(count, drawn)
    return tf.tensor1d(Array.from({ length }, (_, index) => weights[index] ?? 0))
  }
  const image = tf.floorDiv(places, tf.scalar(perImage, 'int32'))
  const rank = tf.cast(tf.sub(places, tf.mul(image, tf.scalar(perImage, 'int32'))), 'float32') // higher ones of its image
  const others = Array.from({ length: perImage + 1 }, (_, index) => {
    // how many other images have more than `index` higher products
    const isThis = tf.cast(tf.equal(rank, index), 'float32')
    return tf.sub(tf.cumsum(isThis, -1, true), tf.cast(tf.greater(rank, index), 'float32'))
  })
  const having = (higher: number) => tf.sub(others[higher - 1]!, others[higher]!) // exactly so many
  const free = tf.cast(tf.clipByValue(tf.sub(count - 1, others[0]!), 0, count - 1), 'int32')
  const terms = higherProducts(Math.min(perImage, neighbours - 1), neighbours - 1).map((taken) => {
    const images = taken.reduce((sum, number) => sum + number, 0)
    const higher = taken.reduce((sum, number, index) => sum + number * (index + 1), 0)
    const isAllowed = tf.cast(tf.lessEqual(rank, neighbours - 1 - higher), 'float32')
    const rest = tf.gather(tf.tensor1d(restOfChoice(count, drawn, images)), free as tf.Tensor)
    const ways = taken.map((number, index) => waysToTake(having(index + 1), number))
    return [isAllowed, ...ways].reduce((product, factor) => tf.mul(product, factor), rest as tf.Tensor)
  })
  const isChosen = Array.from({ length }, (_, index) => (index < count * perImage ? 1 / neighbours : 0))
  return tf.mul(tf.addN(terms), isChosen)
}

/**
 * All lists of how many images are taken that have one higher product, two and so on, with at most so many in
 * all.
 */
function higherProducts(kinds: number, most: number): number[][] {
  if (kinds === 0) return [[]]
  return Array.from({ length: Math.floor(most / kinds) + 1 }, (_, taken) =>
    higherProducts(kinds - 1, most - taken * kinds).map((others) => [...others, taken]),
  ).flat()
}

/** The binomial coefficient of each number of images. */
function waysToTake(images: tf.Tensor, number: number): tf.Tensor {
  let ways: tf.Tensor = tf.onesLike(images)
  for (let index = 0; index < number; index++) {
    ways = tf.mul(ways, tf.div(tf.maximum(tf.sub(images, index), 0), index + 1))
  }
  return ways
}
