import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { graphFunction, loadEngine, randomKey, tf } from '@m2l/engine'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  assignState,
  BatchNorm,
  Convolution,
  disposeState,
  gelu,
  LayerNorm,
  relu6,
  silu,
  type Padding,
  type StateDict,
  type StoredTensor,
} from '../index.js'
import { loadSafetensors } from '../files/index.js'

interface ConvolutionCase {
  readonly kind: 'convolution'
  readonly inputChannels: number
  readonly outputChannels: number
  readonly kernelSize: number
  readonly stride: number
  readonly dilation: number
  readonly groups: number
  readonly bias: boolean
  readonly padding: Padding
}

type Case = { readonly case: string } & (
  | ConvolutionCase
  | { readonly kind: 'batch norm'; readonly epsilon: number; readonly momentum: number }
  | { readonly kind: 'layer norm'; readonly epsilon: number }
  | { readonly kind: 'activation' }
)

/** What is tested: a function of x, with the parameters that it reads. */
interface Layer {
  readonly state: StateDict
  forward(x: tf.Tensor): tf.Tensor
}

const activations: Readonly<Record<string, (x: tf.Tensor) => tf.Tensor>> = {
  relu6,
  silu,
  gelu: (x) => gelu(x),
  'gelu tanh': (x) => gelu(x, 'tanh'),
}

const at = (file: string) => fileURLToPath(new URL(`../testdata/layers/${file}`, import.meta.url))
const cases = JSON.parse(await readFile(at('cases.json'), 'utf8')) as readonly Case[]
const { tensors } = await loadSafetensors(at('layers.safetensors'))

beforeAll(async () => {
  await loadEngine()
})

describe.each(['tensorflow', 'as a graph', 'cpu'])("equal PyTorch's, with gradients: %s", (way) => {
  it.each(cases)('$case', async (one) => {
    const before = tf.getBackend()
    if (way === 'cpu') await tf.setBackend('cpu')
    const start = tf.memory().numTensors
    compare(one, way === 'as a graph')
    expect(tf.memory().numTensors).toBe(start)
    await tf.setBackend(before)
  })
})

it('batch norms move their statistics and evaluate as PyTorch', () => {
  for (const one of cases.filter(({ kind }) => kind === 'batch norm')) {
    const { state, forward } = layerOf(one)
    assignState(state, { ...storedParameters(one.case, state), ...freshStatistics }, one.case)
    tf.tidy(() => {
      forward(inMemory(`${one.case}/x`))
      expectClose(state.running_mean!.value, `${one.case}/running_mean`)
      expectClose(state.running_var!.value, `${one.case}/running_var`)
      const { factor, offset } = batchNorms.get(state)!.inEvaluation()
      const x = inMemory(`${one.case}/x`) as tf.Tensor4D
      expectClose(batchNorms.get(state)!.forward(x, { training: false }), `${one.case}/evaluated`)
      expectClose(tf.add(tf.mul(x, factor), offset), `${one.case}/evaluated`)
    })
    disposeState(state)
  }
})

const freshStatistics: Record<string, StoredTensor> = {
  running_mean: { shape: [3], data: new Float32Array(3) },
  running_var: { shape: [3], data: new Float32Array(3).fill(1) },
}

const batchNorms = new WeakMap<StateDict, BatchNorm>()

function layerOf(one: Case): Layer {
  switch (one.kind) {
    case 'convolution': {
      const layer = new Convolution({ ...one, key: randomKey(1) })
      return { state: layer.state, forward: (x) => layer.forward(x as tf.Tensor4D) }
    }
    case 'batch norm': {
      const layer = new BatchNorm(3, one)
      batchNorms.set(layer.state, layer)
      return {
        state: layer.state,
        forward: (x) => layer.forward(x as tf.Tensor4D, { training: true }),
      }
    }
    case 'layer norm': {
      const layer = new LayerNorm(5, one)
      return { state: layer.state, forward: (x) => layer.forward(x) }
    }
    case 'activation':
      return { state: {}, forward: activations[one.case]! }
  }
}

function compare(one: Case, asGraph: boolean): void {
  const { state, forward } = layerOf(one)
  assignState(state, storedParameters(one.case, state), one.case, {
    optional: (name) => name.startsWith('running'),
  })
  const learned = Object.entries(state).filter(([, { trainable }]) => trainable)
  const compute = ({ x, probe }: { x: tf.Tensor; probe: tf.Tensor }) => {
    const y = forward(x)
    const loss = (input: tf.Tensor) => tf.sum(tf.mul(forward(input), probe)) as tf.Scalar
    const gradients =
      learned.length > 0
        ? tf.variableGrads(
            () => loss(x),
            learned.map(([, { value }]) => value),
          ).grads
        : {}
    const named = learned.map(([name, { value }]) => [`grad_${name}`, gradients[value.name]!] as const)
    return { y, grad_x: tf.grad(loss)(x), ...Object.fromEntries<tf.Tensor>(named) }
  }
  const reasons: string[] = []
  const graph = graphFunction(compute, { eager: !asGraph, onEager: (reason) => reasons.push(reason) })
  tf.tidy(() => {
    const inputs = { x: inMemory(`${one.case}/x`), probe: inMemory(`${one.case}/probe`) }
    for (const [name, found] of Object.entries(graph(inputs))) expectClose(found, `${one.case}/${name}`)
  })
  expect(reasons).toEqual([])
  graph.dispose()
  disposeState(state)
}

function storedParameters(name: string, state: StateDict): Record<string, StoredTensor> {
  const present = Object.keys(state).filter((parameter) => !parameter.startsWith('running'))
  return Object.fromEntries(present.map((parameter) => [parameter, tensors[`${name}/${parameter}`]!]))
}

/** Maps come as [n, h, w, c]; of convolutions' weights, stored alike, see `expectClose`. */
function inMemory(name: string): tf.Tensor {
  const { shape, data } = tensors[name]!
  const tensor = tf.tensor(data as Float32Array, [...shape])
  return shape.length === 4 ? tf.transpose(tensor, [0, 2, 3, 1]) : tensor
}

function expectClose(found: tf.Tensor, name: string): void {
  const stored = tensors[name]!
  const isWeight = name.endsWith('weight') && found.rank === 4
  const inFile = found.rank === 4 ? tf.transpose(found, isWeight ? [3, 2, 0, 1] : [0, 3, 1, 2]) : found
  expect(inFile.shape, name).toEqual(stored.shape)
  const values = inFile.dataSync()
  const numbers = Array.from<number | bigint, number>(stored.data, Number)
  const largest = Math.max(...numbers.map(Math.abs))
  for (const [index, expected] of numbers.entries()) {
    expect(Math.abs(values[index]! - expected), `${name}[${index}]`).toBeLessThanOrEqual(1e-5 * (largest + 1))
  }
}
