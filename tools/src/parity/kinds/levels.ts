import { randomKey, tf } from '@m2l/engine'
import type { Embedding, MetricLevel, Support } from '@m2l/metric'
import { globalLevel, relationLevel } from '@m2l/metric-global'
import { pixelLevel } from '@m2l/metric-pixel'
import { disposeState } from '@m2l/nn'
import { z } from 'zod'
import type { GeneratedInputs } from '../generated-inputs.js'
import { assignGeneratedRelation } from '../generated-state.js'
import { generatedPartLevel, m2lLevels, queryLabels } from '../m2l-levels.js'
import { numbersOf, tidied, type NamedNumbers } from '../numbers.js'
import { defineKind } from '../parity-case.js'
import { relativeTolerance } from '../tolerance.js'

const count = z.int().positive()

const settings = z.strictObject({
  channels: count.min(2),
  side: count,
  way: count,
  shot: count,
  query: count,
  parts: count,
  tag: z.string(),
  rtol: z.number().min(0),
})

type Settings = z.output<typeof settings>

const levels: Readonly<Record<string, (channels: number, inputs: GeneratedInputs) => MetricLevel>> = {
  pixel_k1: () => pixelLevel(),
  pixel_k3: () => pixelLevel({ neighbours: 3 }),
  global: () => globalLevel(),
  global_cosine: () => globalLevel({ similarity: 'cosine' }),
  relation: generatedRelationLevel,
  part_identity: (channels, inputs) => generatedPartLevel(channels, 'identity', inputs),
  part_class: (channels, inputs) => generatedPartLevel(channels, 'class', inputs),
  part_full: (channels, inputs) => generatedPartLevel(channels, 'full', inputs),
}

const gradients = ['grad_support', 'grad_query', 'grad_support_parts', 'grad_query_parts']

/**
 * Every level's scores of generated features, the fused loss and prediction of M2L, and the gradients of its
 * loss.
 */
export const levelsKind = defineKind({
  settings,
  async prepare(values, folder, name) {
    const names = [...Object.keys(levels), 'm2l_loss', 'm2l_fused', ...gradients]
    return {
      expected: await folder.tensors(name, names),
      tolerance: relativeTolerance(values.rtol),
      exact: false,
      compute: (inputs) =>
        tidied(() => {
          const features = generatedFeatures(values, inputs)
          return { ...scores(values, features, inputs), ...m2l(values, features, inputs) }
        }),
    }
  },
})

type Features = readonly [
  supportMap: tf.Tensor4D,
  queryMap: tf.Tensor4D,
  supportParts: tf.Tensor3D,
  queryParts: tf.Tensor3D,
]

function generatedFeatures(values: Settings, inputs: GeneratedInputs): Features {
  const { channels, side, way, shot, query, parts, tag } = values
  const [supports, queries] = [way * shot, way * query]
  return [
    inputs.maps(`${tag}.support`, [supports, channels, side, side]),
    inputs.maps(`${tag}.query`, [queries, channels, side, side]),
    inputs.tensor(`${tag}.support_parts`, [supports, parts, channels]),
    inputs.tensor(`${tag}.query_parts`, [queries, parts, channels]),
  ]
}

function embeddings({ way, shot }: Settings, features: Features): [Support, Embedding] {
  const [supportMap, queryMap, supportParts, queryParts] = features
  const shots = Array.from({ length: way }, () => shot)
  return [
    { shots, map: supportMap, parts: supportParts },
    { map: queryMap, parts: queryParts },
  ]
}

/** What each level says by itself. */
function scores(values: Settings, features: Features, inputs: GeneratedInputs): NamedNumbers {
  const [support, query] = embeddings(values, features)
  const named = Object.entries(levels).map(([name, create]) => {
    const level = create(values.channels, inputs)
    const found = numbersOf(level.scores(support, query, { training: false }))
    disposeState(level.state)
    return [name, found]
  })
  return Object.fromEntries(named)
}

/** Loss, prediction and gradients of the three levels together. */
function m2l(values: Settings, features: Features, inputs: GeneratedInputs): NamedNumbers {
  const fusion = m2lLevels(values.channels, 'identity', inputs)
  const labels = queryLabels(values.way, values.query)
  let prediction: tf.Tensor
  const { value, grads } = tf.valueAndGrads((...given) => {
    const [support, query] = embeddings(values, given as unknown as Features)
    const computed = fusion.scores(support, query, { training: true, key: randomKey(0) })
    prediction = tf.keep(fusion.predict(computed))
    return fusion.loss(computed, labels)
  })([...features])
  const found = {
    m2l_loss: numbersOf(tf.reshape(value, [1])),
    m2l_fused: numbersOf(prediction!),
    ...Object.fromEntries(gradients.map((name, index) => [name, numbersOf(grads[index]!)])),
  }
  prediction!.dispose()
  disposeState(fusion.state)
  return found
}

function generatedRelationLevel(channels: number, inputs: GeneratedInputs): MetricLevel {
  const relation = relationLevel({ channels, key: randomKey(0) })
  assignGeneratedRelation(inputs, relation.state)
  return relation
}
