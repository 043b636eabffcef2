import { createBackbone } from '@m2l/backbones'
import { randomKey, tf } from '@m2l/engine'
import type { Backbone, Parameter } from '@m2l/nn'
import { z } from 'zod'
import type { GeneratedInputs } from '../generated-inputs.js'
import { assignGeneratedEncoder } from '../generated-state.js'
import { numbersOf, numbersOfParameter, tidied, type NamedNumbers } from '../numbers.js'
import { defineKind } from '../parity-case.js'
import { relativeTolerance } from '../tolerance.js'

/** The encoders whose results are a function of weights and images; `R12-pre` draws what it drops. */
export const encoderName = z.enum(['FourLayer_64F', 'FourLayer_64F_4x', 'R12'])

const settings = z.strictObject({
  encoder: encoderName,
  size: z.int().positive(),
  x: z.tuple([z.string(), z.number()]),
  rtol: z.number().min(0),
})

const outputs = [
  'eval',
  'train',
  'grad_x',
  'grad_first_conv',
  'grad_first_bn_weight',
  'running_mean_first_bn',
  'running_var_first_bn',
]

/**
 * An encoder of two images: evaluation, training, gradients in training and running statistics after one
 * step.
 */
export const encoderKind = defineKind({
  settings,
  async prepare(values, folder, name) {
    return {
      expected: await folder.tensors(name, outputs),
      tolerance: relativeTolerance(values.rtol),
      exact: false,
      compute: (inputs) => compute(values, inputs),
    }
  },
})

function compute({ encoder, size, x }: z.output<typeof settings>, inputs: GeneratedInputs): NamedNumbers {
  const backbone = createBackbone(encoder, randomKey(0))
  assignGeneratedEncoder(inputs, backbone)
  const [imagesName, scale] = x
  const images = tf.tidy(() => tf.variable(inputs.maps(imagesName, [2, 3, size, size], { scale })))
  const { convolution, batchNormWeight, runningMean, runningVariance } = firstLayer(backbone)
  const numbers = tidied(() => {
    const evaluated = numbersOf(backbone.embed(images, { training: false }))
    let trained: tf.Tensor4D
    const { grads } = tf.variableGrads(() => {
      trained = tf.keep(backbone.embed(images, { training: true }))
      return tf.sum(tf.mul(trained, probe(inputs, trained)))
    }, [images, convolution.value, batchNormWeight.value])
    const found = {
      eval: evaluated,
      train: numbersOf(trained!),
      grad_x: numbersOf(grads[images.name]!),
      grad_first_conv: numbersOfParameter(convolution, grads[convolution.value.name]),
      grad_first_bn_weight: numbersOfParameter(batchNormWeight, grads[batchNormWeight.value.name]),
      running_mean_first_bn: numbersOfParameter(runningMean),
      running_var_first_bn: numbersOfParameter(runningVariance),
    }
    trained!.dispose()
    return found
  })
  images.dispose()
  backbone.dispose()
  return numbers
}

function probe(inputs: GeneratedInputs, { shape: [n, height, width, channels] }: tf.Tensor4D): tf.Tensor4D {
  return inputs.maps('probe', [n, channels, height, width])
}

function firstLayer({ state }: Backbone) {
  const parameters = Object.values(state)
  const [convolution, batchNormWeight, , runningMean, runningVariance] = parameters as FirstParameters
  return { convolution, batchNormWeight, runningMean, runningVariance }
}

type FirstParameters = [
  convolution: Parameter,
  batchNormWeight: Parameter,
  batchNormBias: Parameter,
  runningMean: Parameter,
  runningVariance: Parameter,
]
