import { tf } from '@m2l/engine'

/** Inner products of features in folds of one support, whose images count differently in each. */
export interface Products {
  /** [folds or 1, rows, images], of some features with those of the support */
  readonly rows: tf.Tensor3D
  /** [folds or 1, rows, 1], of these features with themselves */
  readonly squares: tf.Tensor3D
  /** [folds or 1, images, images], of the support's features */
  readonly within: tf.Tensor3D
  /** [folds, images, 1], by how much each image counts; together 1 in a fold */
  readonly shares: tf.Tensor3D
}

/**
 * Features nearer to the mean than a thousandth of their length are as good as it: their direction is noise.
 */
const leastSquare = 1e-6

/**
 * The cosines between features less the mean of the support: CL2N of Wang et al., "SimpleShot", 2019, section
 * 3.2, by the mean of the support in place of that of the training classes.
 *
 * @returns [folds, rows, images]
 */
export function centredCosines({ rows, squares, within, shares }: Products): tf.Tensor3D {
  return tf.tidy(() => {
    const ofRows = tf.matMul(rows, shares) // [folds, rows, 1]
    const ofImages = tf.matMul(within, shares) // [folds, images, 1]
    const ofMean = tf.matMul(shares, ofImages, true) // [folds, 1, 1]
    const products = centred({ rows, ofRows, ofImages, ofMean })
    const diagonal = tf.sum(tf.mul(within, tf.eye(within.shape[1])), 2, true)
    const lengthOf = (own: tf.Tensor, withMean: tf.Tensor) =>
      tf.sqrt(tf.maximum(tf.add(tf.sub(own, tf.mul(withMean, 2)), ofMean), leastSquare))
    const lengths = tf.transpose(lengthOf(diagonal, ofImages), [0, 2, 1])
    return tf.div(tf.div(products, lengthOf(squares, ofRows)), lengths) as tf.Tensor3D
  })
}

/** The inner products of features less the mean of the support: [folds, rows, images]. */
export function centredProducts({ rows, within, shares }: Omit<Products, 'squares'>): tf.Tensor3D {
  return tf.tidy(() => {
    const ofRows = tf.matMul(rows, shares)
    const ofImages = tf.matMul(within, shares)
    return centred({ rows, ofRows, ofImages, ofMean: tf.matMul(shares, ofImages, true) })
  })
}

function centred(products: Record<'rows' | 'ofRows' | 'ofImages' | 'ofMean', tf.Tensor>): tf.Tensor3D {
  const { rows, ofRows, ofImages, ofMean } = products
  return tf.add(tf.sub(tf.sub(rows, ofRows), tf.transpose(ofImages, [0, 2, 1])), ofMean) as tf.Tensor3D
}
