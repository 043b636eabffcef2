import { randomKey, tf } from '@m2l/engine'
import { LevelFusion, type MetricLevel } from '@m2l/metric'
import { globalLevel } from '@m2l/metric-global'
import { partLevel, type PartAdjacency } from '@m2l/metric-part'
import { pixelLevel } from '@m2l/metric-pixel'
import type { GeneratedInputs } from './generated-inputs.js'
import { assignGeneratedGraph } from './generated-state.js'

/**
 * M2L as published: the loss is CE(part) + .5 CE(pixel) + .5 CE(global / 64), the prediction has no
 * temperature.
 */
export function m2lLevels(channels: number, graph: PartAdjacency, inputs: GeneratedInputs): LevelFusion {
  return new LevelFusion([
    { level: generatedPartLevel(channels, graph, inputs), weight: 1, temperature: 1 },
    { level: pixelLevel(), weight: 0.5, temperature: 1 },
    { level: globalLevel(), weight: 0.5, temperature: 64 },
  ])
}

/** The part level with generated weights, without dropout. */
export function generatedPartLevel(
  channels: number,
  graph: PartAdjacency,
  inputs: GeneratedInputs,
): MetricLevel {
  const part = partLevel({ channels, graph, graphDropout: 0, key: randomKey(0) })
  assignGeneratedGraph(inputs, part.state)
  return part
}

/** The class of each query: 0 to way - 1, repeated. */
export function queryLabels(way: number, query: number): tf.Tensor1D {
  return tf.tensor1d(
    Array.from({ length: way * query }, (_, index) => index % way),
    'int32',
  )
}
