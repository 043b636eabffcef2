import { liteName, type EfficientNetLiteVariant } from '@m2l/backbones'
import { assignState, type Backbone, type StateDict, type StoredTensor } from '@m2l/nn'
import type { GeneratedInputs, Spread } from './generated-inputs.js'
import { shapeInFile } from './numbers.js'

type SpreadOf = (name: string, shape: readonly number[]) => Spread | undefined

/** The generated weights and statistics of an encoder, under the names of its state. */
export function generatedEncoder(inputs: GeneratedInputs, { state }: Backbone): Record<string, StoredTensor> {
  return generated(inputs, 'encoder.', state, spreadInEncoder(6))
}

/** Weights of convolutions are within ±sqrt(gain / fan-in). */
const spreadInEncoder =
  (gain: number): SpreadOf =>
  (name, [, ...fanIn]) =>
    fanIn.length > 0 ? { scale: Math.sqrt(gain / product(fanIn)) } : batchNorm[name.split('.').at(-1)!]

const batchNorm: Readonly<Record<string, Spread>> = {
  weight: { scale: 0.5, shift: 1 },
  bias: { scale: 0.2 },
  running_mean: { scale: 0.1 },
  running_var: { scale: 0.5, shift: 1 },
}

/** Gives an encoder its generated weights and statistics. */
export function assignGeneratedEncoder(inputs: GeneratedInputs, backbone: Backbone): void {
  assignState(backbone.state, generatedEncoder(inputs, backbone), 'the generated encoder')
}

/**
 * Gives an EfficientNet-Lite its weights and statistics, generated under the names that they are published
 * under.
 */
export function assignGeneratedLite(
  inputs: GeneratedInputs,
  variant: EfficientNetLiteVariant,
  { state }: Backbone,
): void {
  const spread = spreadInEncoder(3)
  const weights = publishedLiteNames().flatMap((published): [string, StoredTensor][] => {
    const name = liteName(variant, published)
    if (typeof name !== 'string' || !Object.hasOwn(state, name)) return []
    const shape = shapeInFile(state[name]!)
    return [[name, inputs.stored(`encoder.${published}`, shape, spread(name, shape))]]
  })
  assignState(state, Object.fromEntries(weights), 'the generated EfficientNet-Lite')
}

/** The names of all tensors that any of the networks has. */
function publishedLiteNames(): string[] {
  const parts = ['_expand_conv', '_bn0', '_depthwise_conv', '_bn1', '_project_conv', '_bn2']
  const blocks = Array.from({ length: 30 }, (_, block) => parts.map((part) => `_blocks.${block}.${part}`))
  const layers = ['_conv_stem', '_bn0', ...blocks.flat(), '_conv_head', '_bn1']
  return layers.flatMap((layer) => Object.keys(batchNorm).map((value) => `${layer}.${value}`))
}

/** Gives the part level's graph network its generated weights. */
export function assignGeneratedGraph(inputs: GeneratedInputs, state: StateDict): void {
  const spread: SpreadOf = (_, shape) => ({ scale: shape.at(-1)! ** -0.5 })
  assignState(state, generated(inputs, '', state, spread), 'the generated graph network')
}

/** Gives the relation network its generated weights. */
export function assignGeneratedRelation(inputs: GeneratedInputs, state: StateDict): void {
  const spread: SpreadOf = (name) => ({ scale: name.startsWith('fc1') ? 0.05 : 0.1 })
  assignState(state, generated(inputs, 'relation.', state, spread), 'the generated relation network')
}

function generated(inputs: GeneratedInputs, prefix: string, state: StateDict, spread: SpreadOf) {
  return Object.fromEntries(
    Object.entries(state).map(([name, parameter]): [string, StoredTensor] => {
      const shape = shapeInFile(parameter)
      return [name, inputs.stored(`${prefix}${name}`, shape, spread(name, shape))]
    }),
  )
}

function product(sides: readonly number[]): number {
  return sides.reduce((sofar, side) => sofar * side, 1)
}
