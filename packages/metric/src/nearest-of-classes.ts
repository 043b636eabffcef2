import { tf } from '@m2l/engine'

/** What rows are compared with, and how. */
export interface NearestOptions {
  /** The number of columns of each class. */
  readonly columns: readonly number[]
  /**
   * How many highest products of a row and a class are averaged; at most the columns of the smallest class.
   */
  readonly neighbours: number
  /** For how many rows products are made at once; at least 1. */
  readonly rowsAtOnce: number
}

/**
 * For each row and class the mean of its highest inner products with the class's columns, differentiable. The
 * gradient goes to the products chosen; of equal ones one is chosen.
 *
 * The products [rows, all columns] are made for some rows after the other. Only which were chosen is kept for
 * the gradient.
 *
 * @param rows [rows, channels]
 * @param others [all columns, channels], sorted by class
 * @returns [rows, ways]
 * @throws {RangeError} when a class has fewer columns than `neighbours`
 */
export function nearestOfClasses(
  rows: tf.Tensor2D,
  others: tf.Tensor2D,
  options: NearestOptions,
): tf.Tensor2D {
  const { columns, neighbours, rowsAtOnce } = options
  const smallest = Math.min(...columns)
  if (neighbours > smallest) {
    throw new RangeError(`cannot average the ${neighbours} highest values of ${smallest}`)
  }
  const sizes = chunkSizes(rows.shape[0], rowsAtOnce)
  const compute = tf.customGrad((...inputs) => {
    const [allRows, all, save] = inputs as [tf.Tensor2D, tf.Tensor2D, tf.GradSaveFunc]
    const chunks = inChunks(allRows, sizes).map((chunk) => largest(chunk, all, columns, neighbours))
    save([allRows, all, joined(chunks.map(({ indices }) => indices))])
    return {
      value: joined(chunks.map(({ means }) => means)),
      gradFunc: (dy: tf.Tensor, [x, y, chosen]: tf.Tensor[]) =>
        gradients(dy as tf.Tensor2D, [x, y, chosen] as [tf.Tensor2D, tf.Tensor2D, tf.Tensor3D]),
    }
  })
  const gradients = (
    dy: tf.Tensor2D,
    [x, y, chosen]: [tf.Tensor2D, tf.Tensor2D, tf.Tensor3D],
  ): [tf.Tensor, tf.Tensor] => {
    const ofRows: tf.Tensor2D[] = []
    let ofOthers: tf.Tensor | undefined
    const [dys, indices] = [inChunks(dy, sizes), inChunks(chosen, sizes)]
    for (const [index, chunk] of inChunks(x, sizes).entries()) {
      const before: tf.Tensor | undefined = ofOthers
      const [ofChunk, sum] = tf.tidy(() => {
        const ofProducts = productGradient(dys[index]!, indices[index]!, columns)
        const share = tf.matMul(ofProducts, chunk, true)
        return [tf.matMul(ofProducts, y), before ? tf.add(before, share) : share] as [tf.Tensor2D, tf.Tensor]
      })
      ofRows.push(ofChunk)
      before?.dispose()
      ofOthers = sum
    }
    return [joined(ofRows), ofOthers!]
  }
  return compute(rows, others) as tf.Tensor2D
}

/**
 * @returns `means` [rows, ways] of the highest products, and `indices` [rows, ways, neighbours] within their
 * classes.
 */
function largest(
  rows: tf.Tensor2D,
  others: tf.Tensor2D,
  columns: readonly number[],
  neighbours: number,
): { means: tf.Tensor2D; indices: tf.Tensor3D } {
  const highest = (x: tf.Tensor): { values: tf.Tensor; indices: tf.Tensor } =>
    neighbours > 1
      ? tf.topk(x, neighbours)
      : { values: tf.max(x, -1, true), indices: tf.expandDims(tf.argMax(x, -1), -1) }
  return tf.tidy(() => {
    const products = tf.matMul(rows, others, false, true)
    if (isEqual(columns)) {
      const { values, indices } = highest(products.reshape([-1, columns.length, columns[0]!]))
      return { means: tf.mean(values, -1) as tf.Tensor2D, indices: indices as tf.Tensor3D }
    }
    const classes = tf.split(products, [...columns], 1).map(highest)
    return {
      means: tf.stack(
        classes.map(({ values }) => tf.mean(values, -1)),
        1,
      ) as tf.Tensor2D,
      indices: tf.stack(
        classes.map(({ indices }) => indices),
        1,
      ) as tf.Tensor3D,
    }
  })
}

/** @returns [rows, all columns], the gradient of the products: `dy / neighbours` where they were chosen */
function productGradient(dy: tf.Tensor2D, chosen: tf.Tensor3D, columns: readonly number[]): tf.Tensor2D {
  const [rows, , neighbours] = chosen.shape
  const share = tf.expandDims(tf.div(dy, neighbours), -1) // [rows, ways, 1]
  const ofClass = (indices: tf.Tensor, part: tf.Tensor, count: number) => {
    if (count === 1) return part
    const ranks = tf
      .unstack(indices, -1)
      .map((index) => tf.oneHot(index as tf.Tensor1D, count, 1, 0, 'float32'))
    return tf.mul(ranks.length > 1 ? tf.addN(ranks) : ranks[0]!, part)
  }
  if (isEqual(columns)) return ofClass(chosen, share, columns[0]!).reshape([rows, -1])
  const [indices, shares] = [tf.unstack(chosen, 1), tf.unstack(share, 1)]
  return tf.concat(
    columns.map((count, label) => ofClass(indices[label]!, shares[label]!, count)),
    1,
  ) as tf.Tensor2D
}

function isEqual(columns: readonly number[]): boolean {
  return columns.every((count) => count === columns[0])
}

/** Chunks of nearly equal size. */
function chunkSizes(rows: number, atOnce: number): number[] {
  const chunks = Math.max(1, Math.ceil(rows / atOnce))
  const start = (chunk: number) => Math.floor((chunk * rows) / chunks)
  return Array.from({ length: chunks }, (_, chunk) => start(chunk + 1) - start(chunk))
}

function inChunks<Tensor extends tf.Tensor>(x: Tensor, sizes: readonly number[]): Tensor[] {
  return sizes.length === 1 ? [x] : tf.split(x, [...sizes])
}

function joined<Tensor extends tf.Tensor>(chunks: readonly Tensor[]): Tensor {
  return chunks.length === 1 ? chunks[0]! : tf.concat([...chunks])
}
