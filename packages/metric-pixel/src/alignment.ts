import { tf } from '@m2l/engine'
import { l2Normalise } from '@m2l/metric'

/** How the positions of queries attend to those of supports. */
export interface Alignment {
  /** [queries, positions, images * positions'] */
  readonly similarities: tf.Tensor3D
  /** [queries, positions, channels] */
  readonly queryValues: tf.Tensor3D
  /** [images, positions', channels] */
  readonly supportValues: tf.Tensor3D
  readonly shots: readonly number[]
  /** [queries, positions, 1], 0 where an aligned position takes no part; all do if not given. */
  readonly left: tf.Tensor3D | undefined
}

/** What query positions gather of one class, and how it compares with the query. */
export interface AlignedClass {
  /** [queries, positions, shots * positions']: for each position, weights that sum to 1. */
  readonly attention: tf.Tensor3D
  /** [shots * positions', channels] */
  readonly values: tf.Tensor2D
  /** [queries, positions, channels]: the values that attention gathers. */
  readonly aligned: tf.Tensor3D
  /** [queries, aligned positions, own positions]; minus infinity where an aligned position takes no part. */
  readonly cosines: tf.Tensor
}

/** For each class. */
export function alignedToClasses(alignment: Alignment): AlignedClass[] {
  const { similarities, queryValues, supportValues, shots, left } = alignment
  const [queries, positions, channels] = queryValues.shape
  const columns = shots.map((shot) => shot * supportValues.shape[1])
  const valuesOfClasses = tf.split(supportValues.reshape([-1, channels]), columns, 0)
  const ownValues = l2Normalise(queryValues)
  return tf.split(similarities, columns, 2).map((ofClass, label) => {
    const values = valuesOfClasses[label]! as tf.Tensor2D
    const attention = tf.softmax(ofClass) as tf.Tensor3D
    const rows = attention.reshape([queries * positions, columns[label]!]) as tf.Tensor2D
    const aligned = tf.matMul(rows, values).reshape([queries, positions, channels]) as tf.Tensor3D
    const cosines = tf.matMul(l2Normalise(aligned), ownValues, false, true)
    return {
      attention,
      values,
      aligned,
      cosines: left ? tf.where(tf.cast(left, 'bool'), cosines, -Infinity) : cosines,
    }
  })
}
