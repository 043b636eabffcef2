import { readFileSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadEngine, tf } from './index.js'

const core = dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-core/package.json'))

/** What a pattern finds in the files of a folder of TensorFlow.js's core. */
const found = (folder: string, files: RegExp, pattern: RegExp): string[] =>
  readdirSync(join(core, 'dist', folder))
    .filter((name) => files.test(name))
    .flatMap((name) => [...readFileSync(join(core, 'dist', folder, name), 'utf8').matchAll(pattern)])
    .map(([, name]) => name!)

await loadEngine()

it('every gradient of TensorFlow.js is registered', () => {
  const kernels = found('gradients', /_grad\.js$/, /kernelName: (\w+)/g)
  expect(kernels.length).toBeGreaterThan(90)
  const names = tf as unknown as Record<string, string>
  expect(kernels.filter((kernel) => tf.getGradient(names[kernel]!) === undefined)).toEqual([])
})

describe('methods of tensors', () => {
  it('are all that TensorFlow.js declares', () => {
    const declared = found('public/chained_ops', /^(?!.*(?:test|register_all)).*\.d\.ts$/, /^ {8}(\w+)</gm)
    expect(declared.length).toBeGreaterThan(130)
    const methods = tf.Tensor.prototype as unknown as Record<string, unknown>
    expect(declared.filter((name) => typeof methods[name] !== 'function')).toEqual([])
  })

  it('compute as the operations do', () => {
    const x = tf.tensor2d([1, 2, 3, 4, 5, 6], [2, 3])
    const y = tf.tensor2d([6, 5, 4, 3, 2, 1], [2, 3])
    const pairs: [tf.Tensor, tf.Tensor][] = [
      [x.add(y), tf.add(x, y)],
      [x.matMul(y, false, true), tf.matMul(x, y, false, true)],
      [x.concat(y, 1), tf.concat([x, y], 1)],
      [x.stack(y), tf.stack([x, y])],
      [x.where(x.greater(y), y), tf.where(tf.greater(x, y), x, y)],
      [x.flatten().reshapeAs(y), x],
      [x.sum().asScalar(), tf.scalar(21)],
    ]
    for (const [method, operation] of pairs) {
      expect(method.shape).toEqual(operation.shape)
      expect(method.arraySync()).toEqual(operation.arraySync())
    }
  })

  it('have gradients', () => {
    const gradient = tf.grad((x) => x.square().mul(3).sum())
    expect(gradient(tf.tensor1d([1, 2])).arraySync()).toEqual([6, 12])
  })
})
