import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { loadEngine, tf } from '@m2l/engine'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  adam,
  disposeState,
  kept,
  learned,
  loadSafetensors,
  loadState,
  lossAndGradients,
  mergeStates,
  prefixed,
  saveState,
  sgd,
  type Optimiser,
  type StateDict,
} from './index.js'
import { generatedValues } from './testdata/generated-tensor.js'

const cases = [
  {
    name: 'sgd',
    create: (state: StateDict) => sgd(state, { momentum: 0.9, nesterov: true, weightDecay: 5e-4 }),
    rate: 0.1,
  },
  { name: 'adam', create: (state: StateDict) => adam(state, { beta1: 0.5, beta2: 0.9 }), rate: 0.05 },
]

beforeAll(async () => {
  await loadEngine()
})

function start(): { w: ReturnType<typeof learned> } {
  return { w: learned('plain', () => tf.tensor1d(generatedValues('optimiser.w', 16, 1, 0))) }
}

/** One step on sum(curvature (w - target)^2), and where it leads. */
function descend(state: StateDict, optimiser: Optimiser, rate: number | tf.Scalar): number[] {
  const { w } = state as ReturnType<typeof start>
  return tf.tidy(() => {
    const target = tf.tensor1d(generatedValues('optimiser.target', 16, 1, 0))
    const curvature = tf.tensor1d(generatedValues('optimiser.curvature', 16, 0.5, 1))
    const loss = () => tf.sum(tf.mul(curvature, tf.square(tf.sub(w.value, target)))) as tf.Scalar
    optimiser.step(lossAndGradients(state, loss).gradients, rate)
    return Array.from(w.value.dataSync())
  })
}

describe.each(cases)('$name', ({ name, create, rate }) => {
  it('walks the path that PyTorch walks', async () => {
    const file = fileURLToPath(new URL(`testdata/optimiser_${name}.safetensors`, import.meta.url))
    const { tensors } = await loadSafetensors(file)
    const path = tensors.path!.data as Float32Array
    const state = start()
    const optimiser = create(state)
    const walked = Array.from({ length: 10 }, () => descend(state, optimiser, rate)).flat()
    const largest = path.reduce((sofar, value) => Math.max(sofar, Math.abs(value)), 0)
    expect(walked).toHaveLength(path.length)
    for (const [index, value] of walked.entries()) {
      expect(Math.abs(value - path[index]!) / largest).toBeLessThanOrEqual(1e-5)
    }
    disposeState(state)
    optimiser.dispose()
  })

  it('goes on from its file as if it had not stopped', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'm2l-optimiser-'))
    const file = join(folder, 'state.safetensors')
    const [first, second] = [start(), start()]
    const [interrupted, resumed] = [create(first), create(second)]
    for (let step = 0; step < 3; step++) descend(first, interrupted, rate)
    await saveState(file, mergeStates(first, prefixed('optimiser', interrupted.state)))
    await loadState(file, mergeStates(second, prefixed('optimiser', resumed.state)))
    expect(descend(second, resumed, rate)).toEqual(descend(first, interrupted, rate))
    disposeState({ ...first, second: second.w })
    interrupted.dispose()
    resumed.dispose()
    await rm(folder, { recursive: true })
  })

  it('takes its rate as a scalar as well and leaves no tensor behind', () => {
    const before = tf.memory().numTensors
    const [first, second] = [start(), start()]
    const [byScalar, byNumber] = [create(first), create(second)]
    const parameters = tf.memory().numTensors
    const found = tf.tidy(() => descend(first, byScalar, tf.scalar(rate)))
    expect(tf.memory().numTensors).toBe(parameters)
    const expected = descend(second, byNumber, rate)
    for (const [index, value] of found.entries()) expect(value).toBeCloseTo(expected[index]!, 6)
    disposeState({ ...first, second: second.w })
    byNumber.dispose()
    byScalar.dispose()
    expect(tf.memory().numTensors).toBe(before)
  })

  it('leaves parameters without gradient as they are and refuses gradients without parameter', () => {
    const still = learned('plain', () => tf.ones([2]))
    const statistic = kept('plain', () => tf.ones([16]))
    const state = { ...start(), still, statistic }
    const optimiser = create(state)
    descend(state, optimiser, rate)
    expect(Array.from(still.value.dataSync())).toEqual([1, 1])
    const gradient = tf.ones([16])
    expect(() => optimiser.step({ statistic: gradient }, rate)).toThrow(
      'no trainable parameter is named statistic',
    )
    expect(() => optimiser.step({ other: gradient }, rate)).toThrow('no trainable parameter is named other')
    gradient.dispose()
    disposeState(state)
    optimiser.dispose()
  })
})

describe('sgd', () => {
  it('without momentum keeps no state', () => {
    const state = start()
    const optimiser = sgd(state)
    expect(optimiser.state).toEqual({})
    const before = Array.from(state.w.value.dataSync())
    const gradient = tf.ones([16])
    optimiser.step({ w: gradient }, 0.5)
    expect(Array.from(state.w.value.dataSync())).toEqual(before.map((value) => Math.fround(value - 0.5)))
    gradient.dispose()
    disposeState(state)
  })

  it('with momentum and no look-ahead follows the velocity', () => {
    const state = { w: learned('plain', () => tf.zeros([1])) }
    const optimiser = sgd(state, { momentum: 0.5 })
    const gradient = tf.ones([1])
    const path = [1, 1, 1].map((rate) => {
      optimiser.step({ w: gradient }, rate)
      return state.w.value.dataSync()[0]
    })
    expect(path).toEqual([-1, -2.5, -4.25])
    gradient.dispose()
    disposeState(state)
    optimiser.dispose()
  })
})
