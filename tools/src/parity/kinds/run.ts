import { createBackbone } from '@m2l/backbones'
import { randomKey, tf } from '@m2l/engine'
import { sgd } from '@m2l/nn'
import { episodeStep } from '@m2l/trainer'
import { disposeEpisode, FewShotModel, type EpisodeTensors } from '@m2l/model'
import { z } from 'zod'
import { batchOrder, inBatchOrder } from '../batch-order.js'
import type { GeneratedInputs } from '../generated-inputs.js'
import { assignGeneratedEncoder } from '../generated-state.js'
import { m2lLevels, queryLabels } from '../m2l-levels.js'
import { numbersOfParameter, type NamedNumbers } from '../numbers.js'
import { defineKind } from '../parity-case.js'
import { relativeTolerance } from '../tolerance.js'
import { encoderName } from './encoder.js'

const positive = z.int().positive()

const settings = z.strictObject({
  encoder: encoderName,
  size: positive,
  way: positive,
  shot: positive,
  query: positive,
  parts: positive,
  graph: z.enum(['identity', 'class', 'full']),
  graph_dropout: z.literal(0, 'only 0 can be compared, since what is dropped is drawn'),
  lr: z.number().min(0),
  steps: positive,
  forward_order: batchOrder,
  losses: z.array(z.number()),
  rtol: z.number().min(0),
})

type Settings = z.output<typeof settings>

/**
 * Training steps of the whole of M2L on generated episodes, with Nesterov momentum .9 and weight decay 5e-4.
 */
export const runKind = defineKind({
  settings,
  async prepare(values, folder, name) {
    const losses = { shape: [values.losses.length], data: values.losses }
    return {
      expected: { losses, ...(await folder.tensors(name)) },
      tolerance: relativeTolerance(values.rtol),
      exact: false,
      compute: (inputs) => compute(values, inputs),
    }
  },
})

function compute(values: Settings, inputs: GeneratedInputs): NamedNumbers {
  const backbone = createBackbone(values.encoder, randomKey(0))
  assignGeneratedEncoder(inputs, backbone)
  const metric = m2lLevels(backbone.channels, values.graph, inputs)
  const model = inBatchOrder(values.forward_order, new FewShotModel(backbone, metric))
  const optimiser = sgd(model.state, { momentum: 0.9, nesterov: true, weightDecay: 5e-4 })
  const step = episodeStep(model, optimiser)
  const losses = Array.from({ length: values.steps }, (_, index) => {
    const episode = generatedEpisode(values, inputs, index)
    const measures = step([episode], values.lr, randomKey(index))
    const [value] = measures.loss.dataSync()
    disposeEpisode(episode)
    tf.dispose(Object.values(measures))
    return value!
  })
  const weights = Object.entries(model.state).map(([name, parameter]) => [
    name.replace(/^part\.graph\./, 'graph.'),
    numbersOfParameter(parameter),
  ])
  optimiser.dispose()
  model.dispose()
  return { losses: { shape: [losses.length], data: losses }, ...Object.fromEntries(weights) }
}

function generatedEpisode(values: Settings, inputs: GeneratedInputs, step: number): EpisodeTensors {
  const { way, shot, query, parts, size } = values
  const images = (set: 'support' | 'query', count: number) => ({
    count,
    whole: inputs.maps(`run${step}.${set}`, [count, 3, size, size], { scale: 2 }),
    parts: inputs.maps(`run${step}.${set}_parts`, [count * parts, 3, size, size], { scale: 2 }),
  })
  return {
    support: images('support', way * shot),
    shots: Array.from({ length: way }, () => shot),
    query: images('query', way * query),
    labels: queryLabels(way, query),
  }
}
