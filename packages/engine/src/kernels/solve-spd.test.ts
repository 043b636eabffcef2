import '@tensorflow/tfjs-backend-wasm'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { graphFunction, InputError, loadEngine, randomKey, randomUniform, solveSpd, tf } from '../index.js'

const backends = ['tensorflow', 'cpu', 'wasm']

beforeAll(async () => {
  await loadEngine({ device: 'cpu' })
})

async function on<Result>(backend: string, compute: () => Result): Promise<Result> {
  const before = tf.getBackend()
  await tf.setBackend(backend)
  try {
    return compute()
  } finally {
    await tf.setBackend(before)
  }
}

/** A Gram matrix of `rank` random vectors with something on its diagonal, and right sides. */
function system(seed: number, [batch, size, width]: [number, number, number], ridge = 0.5, rank = size) {
  const key = randomKey(seed)
  const vectors = randomUniform(key.fold('vectors'), [batch, size, rank]).sub(0.5)
  const gram = tf.matMul(vectors, vectors, false, true).add(tf.eye(size).mul(ridge))
  return { a: gram as tf.Tensor3D, b: randomUniform(key.fold('sides'), [batch, size, width]) as tf.Tensor3D }
}

type Matrix = readonly (readonly number[])[]

/** Gauss's elimination in double precision, by which everything here is measured. */
function eliminate(a: Matrix, b: Matrix): number[][] {
  const rows = a.map((row, index) => [...row, ...b[index]!])
  for (const [index, pivot] of rows.entries()) {
    for (const [other, row] of rows.entries()) {
      const factor = row[index]! / pivot[index]!
      if (other !== index) for (const [column, value] of pivot.entries()) row[column]! -= factor * value
    }
  }
  return rows.map((row, index) => row.slice(a.length).map((value) => value / row[index]!))
}

function closeTo(actual: Matrix, expected: Matrix, share = 1e-4) {
  const largest = Math.max(1e-30, ...expected.flat().map(Math.abs))
  expect(actual.map((row) => row.length)).toEqual(expected.map((row) => row.length))
  for (const [index, row] of actual.entries()) {
    for (const [column, value] of row.entries()) {
      expect(Math.abs(value - expected[index]![column]!) / largest).toBeLessThan(share)
    }
  }
}

describe.each(backends)('solveSpd on %s', (backend) => {
  it('solves every system of a batch', async () => {
    const before = tf.memory().numTensors
    const found = await on(backend, () =>
      tf.tidy(() => {
        const { a, b } = system(1, [3, 6, 2])
        return { a: a.arraySync(), b: b.arraySync(), x: solveSpd(a, b).arraySync() }
      }),
    )
    for (const [index, x] of found.x.entries()) closeTo(x, eliminate(found.a[index]!, found.b[index]!))
    expect(tf.memory().numTensors).toBe(before)
  })

  it('A X is B, whatever the sizes, with fewer vectors than dimensions, too', async () => {
    const sizes = fc.record({
      seed: fc.nat(1e6),
      shape: fc.tuple(
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 5 }),
      ),
      ridge: fc.constantFrom(0.05, 1, 100),
      rank: fc.integer({ min: 1, max: 12 }),
    })
    await on(backend, () =>
      fc.assert(
        fc.property(sizes, ({ seed, shape, ridge, rank }) => {
          tf.tidy(() => {
            const { a, b } = system(seed, shape, ridge, rank)
            const again = tf.matMul(a, solveSpd(a, b))
            closeTo(
              again.reshape([-1, 1]).arraySync() as number[][],
              b.reshape([-1, 1]).arraySync() as number[][],
            )
          })
        }),
        { numRuns: 30 },
      ),
    )
  })

  it('has the gradients that finite differences give', async () => {
    const before = tf.memory().numTensors
    const found = await on(backend, () =>
      tf.tidy(() => {
        const { a, b } = system(2, [1, 4, 3])
        const probe = randomUniform(randomKey(3), [1, 4, 3])
        const [da, db] = tf.grads((matrix, sides) =>
          tf.sum(tf.mul(solveSpd(matrix as tf.Tensor3D, sides as tf.Tensor3D), probe)),
        )([a, b])
        return [a, b, probe, da!, db!].map((tensor) => (tensor as tf.Tensor3D).arraySync()[0]!)
      }),
    )
    const [a, b, probe, da, db] = found as readonly Matrix[] as [Matrix, Matrix, Matrix, Matrix, Matrix]
    const value = (matrix: Matrix, sides: Matrix) =>
      eliminate(matrix, sides)
        .flat()
        .reduce((sum, x, index) => sum + x * probe.flat()[index]!, 0)
    const slope = (of: (by: number) => number) => (of(1e-5) - of(-1e-5)) / 2e-5
    const changed = (matrix: Matrix, row: number, column: number, by: number) =>
      matrix.map((values, r) => values.map((entry, c) => (r === row && c === column ? entry + by : entry)))
    closeTo(
      db,
      b.map((row, r) => row.map((_, c) => slope((by) => value(a, changed(b, r, c, by))))),
    )
    // A stays symmetric: both entries change at once.
    closeTo(
      da.map((row, r) => row.map((entry, c) => entry + da[c]![r]!)),
      a.map((row, r) => row.map((_, c) => slope((by) => value(changed(changed(a, r, c, by), c, r, by), b)))),
    )
    expect(tf.memory().numTensors).toBe(before)
  })

  it('refuses a matrix that is not positive definite', async () => {
    const before = tf.memory().numTensors
    await on(backend, () => {
      const singular = tf.tensor3d([1, 1, 1, 1], [1, 2, 2])
      const indefinite = tf.tensor3d([1, 0, 0, 1, 1, 2, 2, 1], [2, 2, 2])
      const sides = tf.ones([1, 2, 1]) as tf.Tensor3D
      expect(() => solveSpd(singular, sides)).toThrow(InputError)
      expect(() => solveSpd(singular, sides)).toThrow(
        'the matrix of 2 x 2 of linear systems is not positive definite, or their numbers are not finite; expected',
      )
      const unknown = tf.tensor3d([1, NaN, NaN, 1], [1, 2, 2])
      expect(() => solveSpd(unknown, sides)).toThrow(InputError)
      const twice = tf.tile(sides, [2, 1, 1])
      expect(() => solveSpd(indefinite, twice)).toThrow('one of 2 matrices of 2 x 2')
      tf.dispose([singular, indefinite, unknown, sides, twice])
    })
    expect(tf.memory().numTensors).toBe(before)
  })
})

it('refuses shapes that do not fit', () => {
  const a = tf.zeros([1, 2, 3]) as tf.Tensor3D
  expect(() => solveSpd(a, a)).toThrow(
    'solveSpd takes [batch, m, m] and [batch, m, p], but was given [1,2,3] and [1,2,3]',
  )
  a.dispose()
})

describe('solveSpd in a graph', () => {
  const gradients = ({ a, b }: { a: tf.Tensor; b: tf.Tensor }) => {
    const loss = (matrix: tf.Tensor, sides: tf.Tensor) =>
      tf.sum(tf.square(solveSpd(matrix as tf.Tensor3D, sides as tf.Tensor3D)))
    const [da, db] = tf.grads(loss)([a, b])
    return { x: solveSpd(a as tf.Tensor3D, b as tf.Tensor3D), da: da!, db: db! }
  }

  it('gives the values and gradients that it gives eagerly', () => {
    const before = tf.memory().numTensors
    const reasons: string[] = []
    const graph = graphFunction(gradients, { onEager: (reason) => reasons.push(reason) })
    tf.tidy(() => {
      const inputs = system(4, [2, 5, 3])
      const [actual, expected] = [graph(inputs), gradients(inputs)]
      for (const name of ['x', 'da', 'db'] as const) {
        expect(actual[name].shape).toEqual(expected[name].shape)
        closeTo(
          actual[name].reshape([-1, 1]).arraySync() as number[][],
          expected[name].reshape([-1, 1]).arraySync() as number[][],
          1e-6,
        )
      }
    })
    graph.dispose()
    expect(reasons).toEqual([])
    expect(tf.memory().numTensors).toBe(before)
  })

  it('gives NaN where a matrix turns out not to be positive definite', () => {
    const reasons: string[] = []
    const solve = ({ a, b }: { a: tf.Tensor; b: tf.Tensor }) => ({
      x: solveSpd(a as tf.Tensor3D, b as tf.Tensor3D),
    })
    const graph = graphFunction(solve, { onEager: (reason) => reasons.push(reason) })
    const [a, b] = [tf.tensor3d([1, 2, 2, 1], [1, 2, 2]), tf.ones([1, 2, 1])]
    const { x } = graph({ a, b })
    expect([...x.dataSync()]).toEqual([NaN, NaN])
    expect(reasons).toEqual([])
    graph.dispose()
    tf.dispose([a, b, x])
  })

  it('makes matrices in float32 where all else is in bfloat16, which could leave them indefinite', () => {
    const near = tf.tidy(() =>
      tf.add(tf.ones([1, 6, 40]), tf.mul(0.05, randomUniform(randomKey(5), [1, 6, 40]))),
    )
    const b = tf.ones([1, 6, 2])
    const solve = ({ x, sides }: { x: tf.Tensor; sides: tf.Tensor }) => {
      const gram = tf.add(tf.matMul(x, x, false, true), tf.mul(1e-3, tf.eye(6))) as tf.Tensor3D
      return { solved: solveSpd(gram, sides as tf.Tensor3D) }
    }
    const reasons: string[] = []
    const results = (['f32', 'bf16'] as const).map((precision) => {
      const graph = graphFunction(solve, { precision, onEager: (reason) => reasons.push(reason) })
      const { solved } = graph({ x: near, sides: b })
      const values = solved.reshape([-1, 1]).arraySync() as number[][]
      solved.dispose()
      graph.dispose()
      return values
    })
    closeTo(results[1]!, results[0]!, 1e-3)
    expect(reasons).toEqual([])
    tf.dispose([near, b])
  })
})
