import { tf } from '@m2l/engine'
import {
  episodeTransforms,
  FewShotModel,
  networkOf,
  type CheckedRecipe,
  type EvaluatedModel,
  type OnEager,
  type ViewRenderer,
} from '@m2l/model'
import type { Candidate, Comparison, Origin } from '../candidate.js'
import type { FeatureRange } from '../choice/fit-heads.js'
import { CropsEmbedder } from '../embedding/crops-embedder.js'
import { ImageEmbedder, readAtTimes } from '../embedding/image-embedder.js'
import type { ReadableImage } from '../pictures/given-image.js'

/** A model with weights, and how it is used. */
export interface ModelOfWeights {
  /** The candidate's from then on. */
  readonly model: EvaluatedModel
  readonly recipe: CheckedRecipe
  /** Names all that decides the model's numbers: a SHA-256 in hexadecimal. */
  readonly fingerprint: string
  readonly origin: Origin
}

/** How a candidate sees. */
export interface SeeingOptions {
  /**
   * Whether pictures are seen as a whole, or with crops of their corners, too, in five passes. `auto`, if not
   * given: crops of pictures that show more than the network's input does, where the examples show that they
   * are better, of weights whose heads are fitted.
   */
  readonly views?: 'auto' | 'whole' | 'crops' | undefined
  /** See `GraphFunctionOptions` of `@m2l/engine`. */
  readonly onEager?: OnEager | undefined
  /** What renders pictures, where the calling thread is not to. */
  readonly render?: ViewRenderer | undefined
}

/**
 * A model as a classifier may see by; with crops, too, where these are asked for or the examples are to say
 * whether they pay.
 */
export function modelCandidates(
  of: ModelOfWeights,
  { views = 'auto', ...options }: SeeingOptions,
): readonly [Candidate, ...Candidate[]] {
  const whole = modelCandidate(of, options)
  if (views === 'whole' || (views === 'auto' && !('ranges' in whole.comparison))) return [whole]
  const embedder = new CropsEmbedder(whole.embedder)
  const crops: Candidate = { ...whole, embedder, views: 'crops' }
  if (views === 'crops') return [crops]
  const side = embedder.reduceTo / pooledAtTimes
  const showsMore = (image: ReadableImage, name: string) => embedder.showsMore(image, name, side)
  return [whole, { ...crops, insteadOf: whole, showsMore, dispose: () => {} }]
}

function modelCandidate(
  { model, recipe, fingerprint, origin }: ModelOfWeights,
  { onEager, render }: SeeingOptions,
): Candidate {
  const embedder = new ImageEmbedder({
    network: networkOf(model, onEager),
    views: model.views,
    transforms: episodeTransforms(recipe),
    reduceTo: reducedTo(recipe),
    fingerprint,
    render,
  })
  return {
    origin,
    embedder,
    comparison: comparisonOf(model, recipe),
    dispose() {
      embedder.dispose()
      model.dispose()
    },
  }
}

/** Whole pictures become the input alone: what is read at twice its size loses nothing. */
const pooledAtTimes = 2

/**
 * To how many pixels the shorter side of larger pictures is reduced while they are read; parts are crops of
 * half a side.
 */
export function reducedTo({ data: { image_size: size }, resolved: { encoding } }: CheckedRecipe): number {
  return encoding.kind === 'pooled' ? pooledAtTimes * size : readAtTimes * size
}

/**
 * Where the only level is `centred`, with nothing said of it, heads are fitted to each stage that its
 * features are made of.
 */
export function comparisonOf(model: EvaluatedModel, { resolved: { levels } }: CheckedRecipe): Comparison {
  const [only, ...others] = levels
  const isOpen =
    only?.definition.name === 'centred' && others.length === 0 && only.options.lambda === undefined
  if (!isOpen || model.encoding.map !== 'pooled') return { metric: model.metric }
  if (!(model instanceof FewShotModel)) {
    return { ranges: [{ name: 'features', channels: [0, model.channels] }] }
  }
  return { ranges: stageRanges(model, model.encoding.stages) }
}

function stageRanges({ backbone }: FewShotModel, stages: readonly string[]): FeatureRange[] {
  if (stages.length === 0) return [{ name: 'map', channels: [0, backbone.channels] }]
  const widths = tf.tidy(() => {
    const maps = backbone.maps!(tf.zeros([1, 64, 64, 3]), { training: false }, stages)
    return stages.map((stage) => maps[stage]!.shape[3])
  })
  let start = 0
  return stages.map((name, index) => {
    const channels: [number, number] = [start, start + widths[index]!]
    start = channels[1]
    return { name, channels }
  })
}
