import { tf } from '@m2l/engine'

type Function = (rows: tf.Tensor2D, others: tf.Tensor2D) => tf.Tensor2D

/**
 * A function each of whose rows depends on one row of its first argument, computed for so many rows at once, so that what
 * it makes on its way is never there for all of them.
 *
 * Where there are more rows than that, nothing is kept for the gradient: each chunk is computed anew for it (Chen et al.,
 * "Training Deep Nets with Sublinear Memory Cost", arXiv 1604.06174, section 4).
 *
 * @param x [rows, …]
 * @param others what every row may depend on
 * @param compute from [some rows, …] and `others` to [some rows, …]
 * @returns [rows, …]
 */
export function inChunksOfRows(
  x: tf.Tensor2D,
  others: tf.Tensor2D,
  rowsAtOnce: number,
  compute: Function,
): tf.Tensor2D {
  const rows = x.shape[0]
  if (rows <= rowsAtOnce) return compute(x, others)
  const sizes = chunkSizes(rows, rowsAtOnce)
  const chunked = tf.customGrad((...inputs) => {
    const [allRows, all, save] = inputs as [tf.Tensor2D, tf.Tensor2D, tf.GradSaveFunc]
    save([allRows, all])
    const value = tf.concat(
      tf.split(allRows, sizes).map((chunk) => tf.tidy(() => compute(chunk as tf.Tensor2D, all))),
    )
    return { value, gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => gradients(dy, saved) }
  })
  const gradients = (dy: tf.Tensor, [allRows, all]: tf.Tensor[]): tf.Tensor[] => {
    const chunks = tf.split(allRows!, sizes)
    const upstream = tf.split(dy, sizes)
    const ofChunks: tf.Tensor[] = []
    let ofAll: tf.Tensor | undefined
    for (const [index, chunk] of chunks.entries()) {
      const [ofChunk, share] = tf.grads((some, every) => compute(some as tf.Tensor2D, every as tf.Tensor2D))(
        [chunk, all!],
        upstream[index]!,
      ) as [tf.Tensor, tf.Tensor]
      ofChunks.push(ofChunk)
      const before: tf.Tensor | undefined = ofAll
      ofAll = before ? tf.add(before, share) : share
      if (before) tf.dispose([before, share])
    }
    return [tf.concat(ofChunks), ofAll!]
  }
  return chunked(x, others) as tf.Tensor2D
}

/** Chunks of equal size as far as it goes. */
function chunkSizes(rows: number, atOnce: number): number[] {
  const chunks = Math.ceil(rows / atOnce)
  return Array.from(
    { length: chunks },
    (_, chunk) => Math.floor(((chunk + 1) * rows) / chunks) - Math.floor((chunk * rows) / chunks),
  )
}
