import { loadEngine, tf } from '@m2l/engine'
import { beforeAll, expect, test } from 'vitest'
import { packRow, RowReader } from './evaluation-row.js'

beforeAll(() => loadEngine())

/** [2 queries, 3 ways] */
function twoQueries(...rows: [number[], number[]]): tf.Tensor2D {
  return tf.tensor2d(rows)
}

test('rows are read as they were packed, one after the other', () => {
  const fused = twoQueries([0.5, 0.25, 0.25], [0.125, 0.125, 0.75])
  const pixel = {
    scores: twoQueries([1, 9, 0], [4, 2, 3]),
    probabilities: twoQueries([0, 1, 0], [0.5, 0.25, 0.25]),
  }
  const row = packRow({
    loss: tf.scalar(0.75),
    finite: [tf.scalar(false, 'bool')],
    predictions: [{ scores: fused, probabilities: fused }, pixel],
  })
  expect(row.shape).toEqual([1 + 1 + 2 * 2 * (1 + 1)])
  const rows = new RowReader(tf.concat([row, row]).dataSync<'float32'>(), 1)
  for (let read = 0; read < 2; read++) {
    expect(rows.next(2)).toEqual({
      loss: 0.75,
      finite: [false],
      predictions: [
        { ways: [0, 2], confidences: [0.5, 0.75] },
        { ways: [1, 0], confidences: [1, 0.5] },
      ],
    })
  }
})
