import { tf } from '@m2l/engine'
import { adam, disposeState, learned, lossAndGradients, sgd, type StateDict } from '@m2l/nn'
import { z } from 'zod'
import type { GeneratedInputs } from '../generated-inputs.js'
import { tidied, type Numbers } from '../numbers.js'
import { defineKind } from '../parity-case.js'
import { relativeTolerance } from '../tolerance.js'

const size = 16
const steps = 10

const optimisers = {
  sgd: {
    create: (state: StateDict) => sgd(state, { momentum: 0.9, nesterov: true, weightDecay: 5e-4 }),
    rate: 0.1,
  },
  adam: { create: (state: StateDict) => adam(state, { beta1: 0.5, beta2: 0.9 }), rate: 0.05 },
}

const settings = z.strictObject({ optimiser: z.enum(['sgd', 'adam']), rtol: z.number().min(0) })

/** The path of ten steps down sum(curvature (w - target)^2). */
export const optimiserKind = defineKind({
  settings,
  async prepare({ optimiser, rtol }, folder, name) {
    return {
      expected: await folder.tensors(name, ['path']),
      tolerance: relativeTolerance(rtol),
      exact: false,
      compute: (inputs) => ({ path: path(optimiser, inputs) }),
    }
  },
})

function path(name: keyof typeof optimisers, inputs: GeneratedInputs): Numbers {
  const { create, rate } = optimisers[name]
  const w = learned('plain', () => inputs.tensor('optimiser.w', [size]))
  const optimiser = create({ w })
  const walked = tidied(() => {
    const target = inputs.tensor('optimiser.target', [size])
    const curvature = inputs.tensor('optimiser.curvature', [size], { scale: 0.5, shift: 1 })
    const loss = () => tf.sum(tf.mul(curvature, tf.square(tf.sub(w.value, target)))) as tf.Scalar
    const data = Array.from({ length: steps }, () => {
      optimiser.step(lossAndGradients({ w }, loss).gradients, rate)
      return Array.from(w.value.dataSync())
    })
    return { shape: [steps, size], data: data.flat() }
  })
  optimiser.dispose()
  disposeState({ w })
  return walked
}
