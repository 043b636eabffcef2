import { NotRecordable } from '../graph/not-recordable.js'
import { InputError } from '../input-error.js'
import { areFinite } from '../require-finite.js'
import { tf } from '../tensorflow.js'
import { booleanAttribute, typeAttribute, type NativeBackend } from '../native-backend.js'

const solveKernel = 'SolveSpd'
const factorSolveKernel = 'SolveSpdByFactor'

/**
 * Solves A X = B for symmetric positive definite matrices A, by Cholesky factorisation A = L Lᵀ and two
 * triangular systems. Only the lower triangles of A are read.
 *
 * Differentiable with respect to both: dB = A⁻¹ dX and dA = -dB Xᵀ, which is the gradient along symmetric
 * changes of A. On the native engine the factorisation and the systems are TensorFlow's kernels, elsewhere
 * loops in double precision.
 *
 * @param a [batch, m, m]
 * @param b [batch, m, p]
 * @returns X, [batch, m, p]; in a graph NaN where a matrix is not positive definite
 * @throws {RangeError} when the shapes do not fit each other
 * @throws {InputError} when a matrix is not positive definite, as far as float32 tells (where a pivot is not
 *   above 0), or a number is not finite; not in a graph, which reads no values
 */
export function solveSpd(a: tf.Tensor3D, b: tf.Tensor3D): tf.Tensor3D {
  const [batch, rows, columns] = a.shape
  if (rows !== columns || b.shape[0] !== batch || b.shape[1] !== rows) {
    throw new RangeError(
      `solveSpd takes [batch, m, m] and [batch, m, p], but was given [${a.shape}] and [${b.shape}]`,
    )
  }
  const [x, factor] = tf.engine().runKernel(solveKernel, { a, b }) as [tf.Tensor3D, tf.Tensor3D]
  factor.dispose()
  if (areKnownNotFinite(x)) {
    x.dispose()
    throw notPositiveDefinite(a.shape)
  }
  return x
}

/** While a graph is recorded, tensors have no values. */
function areKnownNotFinite(x: tf.Tensor): boolean {
  try {
    return !areFinite(x.dataSync<'float32'>())
  } catch (error) {
    if (error instanceof NotRecordable) return false
    throw error
  }
}

tf.registerGradient({
  kernelName: solveKernel,
  outputsToSave: [true, true],
  gradFunc: (dy, saved) => {
    const [x, factor] = saved as [tf.Tensor3D, tf.Tensor3D]
    const dx = (dy as unknown as tf.Tensor3D[])[0]!
    const db = tf.engine().runKernel(factorSolveKernel, { factor, b: dx }) as tf.Tensor3D
    return { a: () => tf.neg(tf.matMul(db, x, false, true)), b: () => db }
  },
})

tf.registerKernel({
  kernelName: solveKernel,
  backendName: 'tensorflow',
  kernelFunc: ({ inputs, backend }) => {
    const native = backend as NativeBackend
    const type = typeAttribute(native, 'T', 'TF_FLOAT')
    const factor = native.executeSingleOutput('Cholesky', [type], [inputs.a!]) // NaN where there is none
    return [nativeSolve(native, factor, inputs.b!), factor]
  },
})

tf.registerKernel({
  kernelName: factorSolveKernel,
  backendName: 'tensorflow',
  kernelFunc: ({ inputs, backend }) => nativeSolve(backend as NativeBackend, inputs.factor!, inputs.b!),
})

/** Lᵀ X = Y where L Y = B. */
function nativeSolve(native: NativeBackend, factor: tf.TensorInfo, b: tf.TensorInfo): tf.Tensor {
  const solve = (rightSide: tf.TensorInfo, adjoint: boolean) =>
    native.executeSingleOutput(
      'MatrixTriangularSolve',
      [
        typeAttribute(native, 'T', 'TF_FLOAT'),
        booleanAttribute(native, 'lower', true),
        booleanAttribute(native, 'adjoint', adjoint),
      ],
      [factor, rightSide],
    )
  const y = solve(b, false)
  const x = solve(y, true)
  y.dispose()
  return x
}

for (const backendName of ['cpu', 'wasm']) {
  // TensorFlow.js hands tensors to a kernel, though the type promises less.
  tf.registerKernel({
    kernelName: solveKernel,
    backendName,
    kernelFunc: ({ inputs }) => {
      const factor = portableFactor(inputs.a as tf.Tensor3D)
      return [portableSolve(factor, inputs.b as tf.Tensor3D), factor]
    },
  })

  tf.registerKernel({
    kernelName: factorSolveKernel,
    backendName,
    kernelFunc: ({ inputs }) => portableSolve(inputs.factor as tf.Tensor3D, inputs.b as tf.Tensor3D),
  })
}

function portableFactor(a: tf.Tensor3D): tf.Tensor3D {
  const [batch, size] = a.shape
  const factor = new Float32Array(a.size)
  const all = a.dataSync()
  for (let index = 0; index < batch; index++) {
    const lower = Float64Array.from(all.subarray(index * size * size, (index + 1) * size * size))
    for (let row = 0; row < size; row++) {
      for (let column = 0; column <= row; column++) {
        let rest = lower[row * size + column]!
        for (let inner = 0; inner < column; inner++) {
          rest -= lower[row * size + inner]! * lower[column * size + inner]!
        }
        if (row === column && !(rest > 0)) throw notPositiveDefinite(a.shape)
        lower[row * size + column] = row === column ? Math.sqrt(rest) : rest / lower[column * size + column]!
      }
      lower.fill(0, row * size + row + 1, (row + 1) * size)
    }
    factor.set(lower, index * size * size)
  }
  return tf.tensor3d(factor, a.shape)
}

function portableSolve(factor: tf.Tensor3D, b: tf.Tensor3D): tf.Tensor3D {
  const [batch, size, width] = b.shape
  const x = Float64Array.from(b.dataSync())
  const lower = factor.dataSync()
  const subtract = (to: number, from: number, times: number) => {
    for (let column = 0; column < width; column++) x[to + column]! -= times * x[from + column]!
  }
  const divide = (row: number, by: number) => {
    for (let column = 0; column < width; column++) x[row + column]! /= by
  }
  for (let index = 0; index < batch; index++) {
    const entry = (row: number, column: number) => lower[(index * size + row) * size + column]!
    const start = (row: number) => (index * size + row) * width
    for (let row = 0; row < size; row++) {
      for (let before = 0; before < row; before++) subtract(start(row), start(before), entry(row, before))
      divide(start(row), entry(row, row))
    }
    for (let row = size - 1; row >= 0; row--) {
      for (let after = row + 1; after < size; after++) subtract(start(row), start(after), entry(after, row))
      divide(start(row), entry(row, row))
    }
  }
  return tf.tensor3d(Float32Array.from(x), b.shape)
}

function notPositiveDefinite([batch, size]: readonly number[]): InputError {
  const which = batch === 1 ? 'the matrix' : `one of ${batch} matrices`
  return new InputError(
    `${which} of ${size} x ${size} of linear systems is not positive definite, or their numbers are not finite; expected otherwise, so look at the numbers, and add more to the diagonal (a larger regularisation)`,
    { code: 'numbers' },
  )
}
