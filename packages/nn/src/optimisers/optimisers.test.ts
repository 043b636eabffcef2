import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadEngine, tf } from '@m2l/engine'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  adam,
  disposeState,
  kept,
  learned,
  lossAndGradients,
  mergeStates,
  prefixed,
  sgd,
  type Optimiser,
  type StateDict,
} from '../index.js'
import { loadState, saveState } from '../files/index.js'

/** One parameter of the reference below, with the optimiser's memory. */
interface Walker {
  w: number
  velocity: number
  square: number
  steps: number
}

const cases = [
  {
    name: 'sgd',
    create: (state: StateDict) => sgd(state, { momentum: 0.9, nesterov: true, weightDecay: 5e-4 }),
    rate: 0.1,
    /** The definition, in double precision. */
    follow(walker: Walker, gradient: number, rate: number) {
      const decayed = gradient + 5e-4 * walker.w
      walker.velocity = 0.9 * walker.velocity + decayed
      walker.w -= rate * (decayed + 0.9 * walker.velocity)
    },
  },
  {
    name: 'adam',
    create: (state: StateDict) => adam(state, { beta1: 0.5, beta2: 0.9, weightDecay: 0.01 }),
    rate: 0.05,
    follow(walker: Walker, gradient: number, rate: number) {
      const decayed = gradient + 0.01 * walker.w
      walker.velocity = 0.5 * walker.velocity + 0.5 * decayed
      walker.square = 0.9 * walker.square + 0.1 * decayed ** 2
      const mean = walker.velocity / (1 - 0.5 ** walker.steps)
      const deviation = Math.sqrt(walker.square / (1 - 0.9 ** walker.steps))
      walker.w -= (rate * mean) / (deviation + 1e-8)
    },
  },
]

const starts = [0.7, -0.2, 0.05, -0.9, 1.3, 0, -0.4, 0.6]
const targets = [-0.5, 0.8, 0.1, -0.7, 0.2, 0.9, -1, 0.3]
const curvatures = [0.5, 0.75, 1, 1.25, 1.5, 0.6, 0.9, 1.1]

beforeAll(async () => {
  await loadEngine()
})

function start(): { w: ReturnType<typeof learned> } {
  return { w: learned('plain', () => tf.tensor1d(starts)) }
}

/** One step on sum(curvature (w - target)^2), and where it leads. */
function descend(state: StateDict, optimiser: Optimiser, rate: number | tf.Scalar): number[] {
  const { w } = state as ReturnType<typeof start>
  return tf.tidy(() => {
    const target = tf.tensor1d(targets)
    const curvature = tf.tensor1d(curvatures)
    const loss = () => tf.sum(tf.mul(curvature, tf.square(tf.sub(w.value, target)))) as tf.Scalar
    optimiser.step(lossAndGradients(state, loss).gradients, rate)
    return Array.from(w.value.dataSync())
  })
}

describe.each(cases)('$name', ({ create, rate, follow }) => {
  it('walks the path of its definition', () => {
    const state = start()
    const optimiser = create(state)
    const walkers = starts.map((w): Walker => ({ w, velocity: 0, square: 0, steps: 0 }))
    for (let step = 0; step < 10; step++) {
      const walked = descend(state, optimiser, rate)
      for (const [index, walker] of walkers.entries()) {
        walker.steps++
        follow(walker, 2 * curvatures[index]! * (walker.w - targets[index]!), rate)
        expect(walked[index]).toBeCloseTo(walker.w, 5)
      }
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
    const statistic = kept('plain', () => tf.ones([8]))
    const state = { ...start(), still, statistic }
    const optimiser = create(state)
    descend(state, optimiser, rate)
    expect(Array.from(still.value.dataSync())).toEqual([1, 1])
    const gradient = tf.ones([8])
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
    const gradient = tf.ones([8])
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
