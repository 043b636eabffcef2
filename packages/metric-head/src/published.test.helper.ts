import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { tf } from '@m2l/engine'
import { crossEntropy, type MetricLevel } from '@m2l/metric'
import { decodeSafetensors } from '@m2l/nn'
import { expect } from 'vitest'
import {
  cacheLevel,
  gdaLevel,
  logisticLevel,
  matchingLevel,
  nearestMeanLevel,
  ridgeLevel,
  type RidgeVariant,
} from './index.js'

/**
 * What the published programs give, with their settings; M2L_PARITY_METHODS names another folder of the same
 * layout.
 */
const folder = process.env.M2L_PARITY_METHODS ?? fileURLToPath(new URL('testdata', import.meta.url))

/** A case of the folder. */
export interface Case {
  readonly case: string
  readonly kind: string
  readonly channels: number
  readonly shots: readonly number[]
  readonly query_labels: readonly number[]
  readonly expected: Readonly<Record<string, string>>
  readonly rtol: number
  readonly rtol_of?: Readonly<Record<string, number>>
  readonly lambda?: number
  readonly C?: number
  readonly alpha?: number
  readonly beta?: number
  readonly loss_scale?: number
}

type Named = Readonly<Record<string, tf.Tensor>>

/** The results of a case under the names that the folder gives them. */
type Kind = (given: Case, inputs: Named) => Named

const context = { training: false }

const kinds: Readonly<Record<string, Kind>> = {
  simpleshot(given, inputs) {
    const levels = (['un', 'l2n', 'cl2n'] as const).map((normalise) => {
      const level = nearestMeanLevel({ normalise, channels: given.channels, scale: 1 })
      if (normalise === 'cl2n') level.state.base_mean!.value.assign(inputs.base_mean!)
      return [`scores_${normalise}`, level] as const
    })
    const scores = levels.map(([name, level]) => [name, scored(level, given, inputs)] as const)
    const scaled = nearestMeanLevel({ normalise: 'cl2n', channels: given.channels, scale: given.loss_scale! })
    scaled.state.base_mean!.value.assign(inputs.base_mean!)
    return { ...Object.fromEntries(scores), ...lossAndGradients(scaled, given, inputs) }
  },
  logistic(given, inputs) {
    const level = logisticLevel({ C: given.C! })
    // Features are made unit, so that the scores of unit vectors and of none tell the weights and the bias.
    const bias = scored(level, given, { ...inputs, query: tf.zeros([1, given.channels]) })
    const ofAxes = scored(level, given, { ...inputs, query: tf.eye(given.channels) })
    return {
      probabilities_converged: tf.softmax(scored(level, given, inputs)),
      weights: tf.transpose(tf.sub(ofAxes, bias)),
      bias,
    }
  },
  gda: (given, inputs) => ({ scores: scored(gdaLevel({ dimensions: 'all' }), given, inputs) }),
  'ridge-r2d2': (given, inputs) => ridge('r2d2', given, inputs, 'scores'),
  'ridge-metaoptnet': (given, inputs) => ({
    scores_r2d2: ridge('metaoptnet-r2d2', given, inputs, 'scores').scores!,
    ...ridge('metaoptnet', given, inputs, 'scores_ridge'),
  }),
  'tip-adapter'(given, inputs) {
    const { alpha, beta } = given as Required<Case>
    const views = tf.mean(tf.add(tf.expandDims(inputs.support!), inputs.view_noise!), 0)
    const seen = { ...inputs, support: views }
    return {
      scores: scored(cacheLevel({ alpha, beta }), given, seen),
      scores_shots_divided: scored(cacheLevel({ alpha, beta, shotsDivided: true }), given, seen),
    }
  },
  matching(given, inputs) {
    const released = matchingLevel({ similarity: 'released' })
    const probabilities = (level: MetricLevel) => tf.softmax(scored(level, given, inputs))
    return {
      probabilities: probabilities(released),
      scores_easyfsl: tf.log(tf.add(probabilities(released), 1e-6)),
      probabilities_cosine: probabilities(matchingLevel({ scale: 1 })),
      probabilities_cosine_10: probabilities(matchingLevel({ scale: 10 })),
      ...lossAndGradients(released, given, inputs),
    }
  },
}

function ridge(variant: RidgeVariant, given: Case, inputs: Named, name: string): Named {
  const level = ridgeLevel({ variant, lambda: given.lambda! })
  for (const weight of ['scale', 'bias']) level.state[weight]?.value.assign(inputs[weight] ?? tf.zeros([1]))
  return {
    [name]: scored(level, given, inputs),
    ...lossAndGradients(level, given, inputs),
    grad_scale: tf.variableGrads(
      () => lossOf(level, given, inputs.support!, inputs.query!),
      [level.state.scale!.value],
    ).grads[level.state.scale!.value.name]!,
  }
}

function asMap(features: tf.Tensor): tf.Tensor4D {
  return features.reshape([features.shape[0]!, 1, 1, -1])
}

function scored(level: MetricLevel, { shots }: Case, { support, query }: Named): tf.Tensor2D {
  return level.scores({ map: asMap(support!), shots }, { map: asMap(query!) }, context)
}

function lossOf(level: MetricLevel, given: Case, support: tf.Tensor, query: tf.Tensor): tf.Scalar {
  return crossEntropy(scored(level, given, { support, query }), tf.tensor1d([...given.query_labels], 'int32'))
}

function lossAndGradients(level: MetricLevel, given: Case, { support, query }: Named): Named {
  const { value, grads } = tf.valueAndGrads((a, b) => lossOf(level, given, a!, b!))([support!, query!])
  return { loss: value.reshape([1]), grad_support: grads[0]!, grad_query: grads[1]! }
}

const { cases } = JSON.parse(readFileSync(`${folder}/cases.json`, 'utf8')) as { cases: readonly Case[] }

/** The cases of the levels here, with their names. */
export const publishedCases = cases.flatMap((given) =>
  given.kind in kinds ? [[given.case, given] as const] : [],
)

export const publishedKinds = Object.keys(kinds)

/** Tensors that are not looked at, with the reason. */
const leftOut: Readonly<Record<string, string>> = {
  probabilities_released: 'scikit-learn stopped before it had converged',
  keys: 'the level gives scores',
}

/** Computes a case on the engine that is loaded and compares all that the published program gave. */
export async function expectPublished(given: Case): Promise<void> {
  const file = `${folder}/${given.case}.safetensors`
  const { tensors } = decodeSafetensors(readFileSync(file), file)
  tf.tidy(() => {
    const all = Object.entries(tensors).map(
      ([name, { shape, data }]) => [name, tf.tensor(data as Float32Array, [...shape])] as const,
    )
    const inputs = Object.fromEntries(all.filter(([name]) => !name.startsWith('expected.')))
    const found = kinds[given.kind]!(given, inputs)
    const names = Object.keys(given.expected).filter((name) => !(name in leftOut))
    expect(names.length).toBeGreaterThan(0)
    for (const name of names) {
      const expected = tensors[`expected.${name}`]!.data as Float32Array
      const actual = found[name]!.dataSync()
      expect(actual.length, name).toBe(expected.length)
      const largest = Math.max(...expected.map(Math.abs))
      const difference = Math.max(...expected.map((value, index) => Math.abs(value - actual[index]!)))
      expect(difference / largest, name).toBeLessThanOrEqual(given.rtol_of?.[name] ?? given.rtol)
    }
  })
}
