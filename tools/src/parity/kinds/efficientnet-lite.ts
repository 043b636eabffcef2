import { efficientNetLite } from '@m2l/backbones'
import { randomKey, tf } from '@m2l/engine'
import { z } from 'zod'
import type { GeneratedInputs } from '../generated-inputs.js'
import { assignGeneratedLite } from '../generated-state.js'
import { numbersOf, numbersOfParameter, tidied, type NamedNumbers } from '../numbers.js'
import { defineKind } from '../parity-case.js'
import { relativeTolerance } from '../tolerance.js'

const settings = z.strictObject({
  variant: z.union([z.literal(0), z.literal(1), z.literal(2)]),
  size: z.int().positive(),
  x: z.tuple([z.string(), z.number()]),
  rtol: z.number().min(0),
})

const stages = ['stem', ...[1, 2, 3, 4, 5, 6, 7].map((stage) => `stage${stage}`), 'head']
const outputs = [
  ...stages,
  'pooled',
  'train',
  'grad_stem',
  'grad_depthwise',
  'running_mean_stem',
  'running_var_stem',
]

/**
 * An EfficientNet-Lite of two images, its weights generated under their published names: the maps of all
 * stages (of the first image, eight channels, the middle row) and the pooled feature in evaluation, gradients
 * with fixed batch norms, and the pooled feature and running statistics of a step of training. Gradients
 * through batch norms of two images are left out: ReLU6's kinks decide them, and PyTorch's own in single and
 * in double precision are a hundredth apart.
 */
export const efficientNetLiteKind = defineKind({
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

function compute({ variant, size, x }: z.output<typeof settings>, inputs: GeneratedInputs): NamedNumbers {
  const backbone = efficientNetLite({ variant, key: randomKey(0) })
  assignGeneratedLite(inputs, variant, backbone)
  const parameter = (name: string) => backbone.state[name]!
  const depthwise = Object.keys(backbone.state).findLast(
    (name) => name.startsWith('stage6') && name.endsWith('.depthwise.weight'),
  )!
  const learned = { grad_stem: parameter('stem.conv.weight'), grad_depthwise: parameter(depthwise) }
  const numbers = tidied(() => {
    const [name, scale] = x
    const images = inputs.maps(name, [2, 3, size, size], { scale })
    const maps = backbone.maps!(images, { training: false }, stages)
    const { grads } = tf.variableGrads(
      () => {
        const features = pooled(backbone.embed(images, { training: true, fixBatchNorm: true }))
        return tf.sum(tf.mul(features, inputs.tensor('probe', features.shape)))
      },
      Object.values(learned).map(({ value }) => value),
    )
    const trained = pooled(backbone.embed(images, { training: true }))
    const gradients = Object.entries(learned).map(([gradient, one]) => [
      gradient,
      numbersOfParameter(one, grads[one.value.name]),
    ])
    return {
      ...Object.fromEntries(stages.map((stage) => [stage, numbersOf(middleRow(maps[stage]!))])),
      pooled: numbersOf(pooled(maps.head!)),
      train: numbersOf(trained),
      ...(Object.fromEntries(gradients) as NamedNumbers),
      running_mean_stem: numbersOfParameter(parameter('stem.bn.running_mean')),
      running_var_stem: numbersOfParameter(parameter('stem.bn.running_var')),
    }
  })
  backbone.dispose()
  return numbers
}

function pooled(map: tf.Tensor4D): tf.Tensor2D {
  return tf.mean(map, [1, 2])
}

/** @returns [channels, width] */
function middleRow(map: tf.Tensor4D): tf.Tensor2D {
  const [, height, width] = map.shape
  const row = tf.slice(map, [0, height >> 1, 0, 0], [1, 1, width, 8])
  return tf.transpose(row.reshape([width, 8]))
}
