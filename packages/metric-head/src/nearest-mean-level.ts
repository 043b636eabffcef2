import { InputError, tf } from '@m2l/engine'
import { defineLevel, l2Length, pooled, requireField, type Embedding, type MetricLevel } from '@m2l/metric'
import { globalLevel } from '@m2l/metric-global'
import { kept, type StateDict } from '@m2l/nn'
import { z } from 'zod'
import { nearestMeanScale } from './nearest-mean-scale.js'

/**
 * What becomes of pooled features before they are compared.
 *
 * `un`: nothing. `l2n`: they are divided by their Euclidean length. `cl2n`: they are, after the mean feature
 * of the classes that the backbone was trained on has been subtracted.
 */
export type MeanNormalisation = 'un' | 'l2n' | 'cl2n'

/** Options of the nearest-mean level. */
export interface NearestMeanOptions {
  /** `l2n` if not given, which needs no training classes. */
  readonly normalise?: MeanNormalisation
  /**
   * What squared distances are multiplied by; 10 for features of unit length and 1, as in ProtoNet, else, if
   * not given.
   */
  readonly scale?: number
  /** The number of features of the backbone, which `cl2n` asks for. */
  readonly channels?: number
}

/**
 * The nearest class mean of normalised features: -scale |q - p|², where p is the mean of a class's normalised
 * supports and is not normalised again (Wang et al., "SimpleShot: Revisiting Nearest-Neighbor Classification
 * for Few-Shot Learning", 2019, section 3.2).
 *
 * State of `cl2n`: `base_mean` [channels] and `base_images` [1], the number of images that it is the mean of,
 * 0 as long as it is not known; see {@link baseMean}.
 *
 * @throws {RangeError} when `cl2n` is not told the number of channels
 */
export function nearestMeanLevel({
  normalise = 'l2n',
  scale = normalise === 'un' ? 1 : nearestMeanScale,
  channels,
}: NearestMeanOptions = {}): MetricLevel {
  if (normalise === 'cl2n' && channels === undefined) {
    throw new RangeError('nearest-mean with cl2n needs the number of channels')
  }
  const state: StateDict =
    normalise === 'cl2n'
      ? {
          base_mean: kept('plain', () => tf.zeros([channels!])),
          base_images: kept('plain', () => tf.zeros([1])),
        }
      : {}
  const distance = globalLevel()
  /** Maps whose means are normalised features, times the root of the scale. */
  const normalised = (map: tf.Tensor4D): tf.Tensor4D =>
    tf.tidy(() => {
      const centred = state.base_mean ? tf.sub(map, state.base_mean.value) : map
      const length =
        normalise === 'un' ? tf.scalar(1) : l2Length(pooled(centred as tf.Tensor4D)).reshape([-1, 1, 1, 1])
      return tf.mul(centred, tf.div(Math.sqrt(scale), length))
    })
  const asMap = (embedding: Embedding): Embedding => {
    const features = pooled(requireField(embedding, 'map', 'nearest-mean'))
    return { map: normalised(features.reshape([-1, 1, 1, features.shape[1]])) }
  }
  return {
    name: 'nearest-mean',
    needs: ['map'],
    state,
    requireReady: () => requireBaseMean(state),
    scores: (support, query, context) =>
      tf.tidy(() => distance.scores({ ...support, ...asMap(support) }, asMap(query), context)),
    leaveOneOut: (support, query, left, context) =>
      tf.tidy(() => distance.leaveOneOut!({ ...support, ...asMap(support) }, asMap(query), left, context)),
    async explain(support, query, context) {
      const maps = [support, query].map((embedding) =>
        normalised(requireField(embedding, 'map', 'nearest-mean')),
      ) as [tf.Tensor4D, tf.Tensor4D]
      const explained = distance.explain!({ ...support, map: maps[0] }, { map: maps[1] }, context)
      return explained.finally(() => tf.dispose(maps))
    },
  }
}

/** @throws {InputError} when the mean of the training classes is asked for but was never filled in */
function requireBaseMean({ base_images: images }: StateDict): void {
  if (!images || images.value.dataSync()[0]! > 0) return
  throw new InputError(
    'level nearest-mean: cl2n subtracts the mean feature of the training classes, which these weights do not have; train with m2l pretrain and this level, or take normalise: l2n',
  )
}

/** The nearest-mean level under its name in recipes. */
export const nearestMeanDefinition = defineLevel({
  name: 'nearest-mean',
  options: z.object({
    normalise: z.enum(['un', 'l2n', 'cl2n']).default('l2n'),
    scale: z.number().gt(0).optional(),
  }),
  create: ({ normalise, scale }, { channels }) =>
    nearestMeanLevel({ normalise, channels, ...(scale !== undefined && { scale }) }),
})
