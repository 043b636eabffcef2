import { tf } from '@m2l/engine'

/**
 * Computes tensors and reads them back to JavaScript, all at once. For explanations and the like: what trains
 * and evaluates reads nothing back.
 *
 * @param compute makes the tensors, which are freed; whole numbers among them stay exact below 2^24
 * @returns the values of each tensor, row-major
 */
export async function readBack<Tensors extends readonly tf.Tensor[]>(
  compute: () => readonly [...Tensors],
): Promise<{ [Index in keyof Tensors]: Float32Array }> {
  let sizes: number[] = []
  const joined = tf.tidy(() => {
    const tensors = compute()
    sizes = tensors.map(({ size }) => size)
    return tf.concat(tensors.map((tensor) => tf.cast(tensor, 'float32').reshape([-1])))
  })
  const values = (await joined.data().finally(() => joined.dispose())) as Float32Array
  let end = 0
  return sizes.map((size) => values.subarray(end, (end += size))) as {
    [Index in keyof Tensors]: Float32Array
  }
}
