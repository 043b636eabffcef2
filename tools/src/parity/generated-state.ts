import { assignState, type Backbone, type StateDict, type StoredTensor } from '@m2l/nn'
import type { GeneratedInputs, Spread } from './generated-inputs.js'
import { shapeInFile } from './numbers.js'

type SpreadOf = (name: string, shape: readonly number[]) => Spread | undefined

/** The generated weights and statistics of an encoder, under the names of its state. */
export function generatedEncoder(inputs: GeneratedInputs, { state }: Backbone): Record<string, StoredTensor> {
  return generated(inputs, 'encoder.', state, (name, [, ...fanIn]) =>
    fanIn.length > 0 ? { scale: Math.sqrt(6 / product(fanIn)) } : batchNorm[name.split('.').at(-1)!],
  )
}

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
