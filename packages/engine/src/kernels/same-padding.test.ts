import { beforeAll, expect, it } from 'vitest'
import { loadEngine } from '../index.js'
import { tf } from '../tensorflow.js'
import { activatePortableBackend } from '../fallback/portable-backend.js'

beforeAll(async () => {
  await loadEngine()
  await activatePortableBackend('wasm')
})

it.each([
  ['one pixel', [1, 1], 2],
  ['two rows', [2, 1], 2],
  ['two columns in steps of three', [1, 2], 3],
  ['one that leaves nothing over', [3, 3], 2],
] as const)('wasm convolves with a filter of %s', (_name, [rows, columns], stride) => {
  const before = tf.memory().numTensors
  tf.tidy(() => {
    const x = tf.range(1, 49).reshape([1, 6, 8, 1]) as tf.Tensor4D
    const filter: tf.Tensor4D = tf.ones([rows, columns, 1, 1])
    const pixels = x.reshape([6, 8]).arraySync() as number[][]
    const expected = windows(6, rows, stride).map((ofRows) =>
      windows(8, columns, stride).map((ofColumns) =>
        ofRows
          .flatMap((row) => ofColumns.map((column) => pixels[row]?.[column] ?? 0))
          .reduce((sum, pixel) => sum + pixel, 0),
      ),
    )
    const outputs = [tf.conv2d(x, filter, stride, 'same'), tf.depthwiseConv2d(x, filter, stride, 'same')]
    for (const y of outputs) expect(tf.squeeze(y).arraySync()).toEqual(expected)
  })
  expect(tf.memory().numTensors).toBe(before)
})

/** The pixels of each window along a side, as TensorFlow's `same` lays them. */
function windows(side: number, kernel: number, stride: number): number[][] {
  const count = Math.ceil(side / stride)
  const before = Math.max(0, (count - 1) * stride + kernel - side) >> 1
  return Array.from({ length: count }, (_, window) =>
    Array.from({ length: kernel }, (__, pixel) => window * stride + pixel - before),
  )
}
