import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { graphFunction, loadEngine, momentumUpdate, tf } from '../index.js'

beforeAll(async () => {
  await loadEngine({ device: 'cpu' })
})

/** Numbers whose products TensorFlow does not take for zero, as it does those below 2^-126. */
const value = fc.integer({ min: -(2 ** 23), max: 2 ** 23 }).map((whole) => whole / 2 ** 20)
const share = fc.integer({ min: 0, max: 2 ** 20 }).map((whole) => whole / 2 ** 20)
const steps = fc.record({
  elements: fc.array(fc.tuple(value, value, value), { minLength: 1, maxLength: 50 }),
  rate: share,
  momentum: share,
  weightDecay: fc.constantFrom(0, 5e-4, 0.1),
  nesterov: fc.boolean(),
})
type Step = typeof steps extends fc.Arbitrary<infer Made> ? Made : never

/** The bits of the new parameter and velocity. */
function bitsOf({ elements, ...constants }: Step): number[] {
  return tf.tidy(() => {
    const [parameter, gradient, velocity] = [0, 1, 2].map((place) =>
      tf.tensor1d(elements.map((element) => element[place]!)),
    ) as [tf.Tensor, tf.Tensor, tf.Tensor]
    const next = momentumUpdate({ parameter, gradient, velocity, ...constants })
    return [next.parameter, next.velocity].flatMap((tensor) => [
      ...new Int32Array(Float32Array.from(tensor.dataSync(), (each) => each + 0).buffer),
    ])
  })
}

describe('momentumUpdate', () => {
  it('gives, in one pass, the bits of its operations one by one', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (step) => {
        const inOnePass = bitsOf(step)
        await tf.setBackend('cpu')
        const oneByOne = bitsOf(step)
        await tf.setBackend('tensorflow')
        expect(inOnePass).toEqual(oneByOne)
      }),
    )
  })

  it('is a node of a graph, where the rate may be an input', () => {
    const constants = { momentum: 0.9, nesterov: true, weightDecay: 5e-4 }
    const before = tf.memory().numTensors
    const inputs = {
      parameter: tf.tensor2d([1, 2, 3, 4], [2, 2]),
      gradient: tf.tensor2d([0.1, -0.2, 0.3, -0.4], [2, 2]),
      velocity: tf.tensor2d([0.5, 0.5, 0, 0], [2, 2]),
      rate: tf.scalar(0.1),
    }
    const reasons: string[] = []
    const step = graphFunction(
      (given: typeof inputs) => ({ ...momentumUpdate({ ...given, rate: given.rate, ...constants }) }),
      { onEager: (reason) => reasons.push(reason) },
    )
    const [inGraph, eager] = [step(inputs), momentumUpdate({ ...inputs, ...constants })]
    expect(inGraph.parameter.arraySync()).toEqual(eager.parameter.arraySync())
    expect(inGraph.velocity.arraySync()).toEqual(eager.velocity.arraySync())
    expect(inputs.parameter.arraySync()).toEqual([
      [1, 2],
      [3, 4],
    ])
    expect(reasons).toEqual([])
    tf.dispose([{ ...inGraph }, { ...eager }, inputs])
    step.dispose()
    expect(tf.memory().numTensors).toBe(before)
  })
})
