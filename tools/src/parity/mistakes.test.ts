import { join } from 'node:path'
import type { StoredTensor } from '@m2l/nn'
import { loadSafetensors, saveSafetensors } from '@m2l/nn/files'
import { expect, it } from 'vitest'
import { GeneratedInputs } from './generated-inputs.js'
import { copyOfPublic, parity } from './parity-folder.test.helper.js'

/**
 * Whether the packages or the numbers are wrong is the same to a comparison: here the numbers are those of a
 * program with a mistake.
 */
const encoder = 'encoder_FourLayer_64F_4x_32'
const inputs = new GeneratedInputs('public')

type Tensors = Readonly<Record<string, StoredTensor>>

it.each<[string, string, (tensors: Tensors) => Tensors]>([
  [
    'running statistics that move by .9 instead of .1',
    encoder,
    ({ running_mean_first_bn: mean, ...others }) => {
      const before = inputs.values('encoder.layer1.1.running_mean', 64, { scale: 0.1 })
      const moved = (mean!.data as Float32Array).map(
        (value, channel) => before[channel]! + 9 * (value - before[channel]!),
      )
      return { ...others, running_mean_first_bn: { shape: mean!.shape, data: moved } }
    },
  ],
  [
    'evaluation with the statistics of the batch',
    encoder,
    ({ train, ...others }) => ({ ...others, train: train!, eval: train! }),
  ],
  [
    'class and full graph exchanged',
    'levels_c64_h2_w3_k2_q4',
    ({ part_class: first, part_full: second, ...others }) => ({
      ...others,
      part_class: second!,
      part_full: first!,
    }),
  ],
  [
    'one neighbour instead of the mean of three',
    'levels_c64_h2_w3_k2_q4',
    (tensors) => ({ ...tensors, pixel_k3: tensors.pixel_k1! }),
  ],
  ['no weight decay', 'optimiser_sgd', () => ({ path: descent({ weightDecay: 0, lookAhead: 0.9 }) })],
  ['no look-ahead', 'optimiser_sgd', () => ({ path: descent({ weightDecay: 5e-4, lookAhead: 0 }) })],
])('%s: fails by far', async (_, name, mistaken) => {
  const folder = await copyOfPublic([name])
  const file = join(folder, `${name}.safetensors`)
  await saveSafetensors(file, mistaken((await loadSafetensors(file)).tensors))
  const { exitCode, stdout } = await parity(folder, '--json')
  const { cases } = JSON.parse(stdout) as { cases: [{ maxRel: number }] }
  const tolerance = { encoder: 2e-3, levels: 1e-4, optimiser: 1e-5 }[name.split('_')[0]!]!
  expect(exitCode).toBe(1)
  expect(cases[0].maxRel).toBeGreaterThan(10 * tolerance)
})

/** Ten steps of SGD with momentum .9 on sum(curvature (w - target)^2), in double precision. */
function descent({ weightDecay, lookAhead }: { weightDecay: number; lookAhead: number }): StoredTensor {
  const w = Array.from(inputs.values('optimiser.w', 16))
  const target = inputs.values('optimiser.target', 16)
  const curvature = inputs.values('optimiser.curvature', 16, { scale: 0.5, shift: 1 })
  const velocity = w.map(() => 0)
  const path = Array.from({ length: 10 }, () => {
    for (const index of w.keys()) {
      const gradient = 2 * curvature[index]! * (w[index]! - target[index]!) + weightDecay * w[index]!
      velocity[index] = 0.9 * velocity[index]! + gradient
      const direction = lookAhead > 0 ? gradient + lookAhead * velocity[index]! : velocity[index]!
      w[index]! -= 0.1 * direction
    }
    return [...w]
  })
  return { shape: [10, 16], data: Float32Array.from(path.flat()) }
}
