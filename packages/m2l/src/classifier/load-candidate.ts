import { renderAhead } from '@m2l/datasets'
import {
  type Candidate,
  type Comparison,
  CropsEmbedder,
  type FeatureRange,
  type GivenImage,
  ImageEmbedder,
  readAtTimes,
} from '@m2l/classifier'
import { resolve } from 'node:path'
import { tf } from '@m2l/engine'
import {
  type CompareBy,
  episodeTransforms,
  type EvaluatedModel,
  FewShotModel,
  networkOf,
  type OnEager,
  storedRecipe,
} from '@m2l/model'
import type { AgreementOptions } from '../agreement/agreement.js'
import type { OnnxOptions } from '../model/onnx-model.js'
import type { Recipe } from '../recipe/read-recipe.js'
import { modelOfWeights } from '../model/trained-model.js'
import type { viewNames } from '../weights/require-comparison.js'
import { weightsFile } from '../weights/weights-file.js'

/** How weights are loaded. */
export interface LoadOptions extends AgreementOptions, OnnxOptions, CompareBy {
  /** How the model is made that the weights belong to; needed where these do not say so themselves. */
  readonly recipe?: Recipe
  /**
   * Whether pictures are seen as a whole, or with crops of their corners, too, in five passes. `auto`, if not given: crops of
   * pictures that show more than the network's input does, where the examples show that they are better, of weights whose heads
   * are fitted.
   */
  readonly views?: (typeof viewNames)[number]
  /** See `GraphFunctionOptions` of `@m2l/engine`. */
  readonly onEager?: OnEager
}

/**
 * Weights as a classifier may see by; with crops, too, where these are asked for or the examples are to say whether they pay.
 *
 * @param weights a name of weights, or the path of a checkpoint
 * @throws {InputError} as `FewShotClassifier.load` says
 */
export async function loadCandidates(
  weights: string,
  options: LoadOptions = {},
): Promise<readonly [Candidate, ...Candidate[]]> {
  const whole = await loadCandidate(weights, options)
  const { views = 'auto' } = options
  if (views === 'whole' || (views === 'auto' && !('ranges' in whole.comparison))) return [whole]
  const embedder = new CropsEmbedder(whole.embedder)
  const crops: Candidate = { ...whole, embedder, views: 'crops' }
  if (views === 'crops') return [crops]
  const side = embedder.reduceTo / pooledAtTimes
  const showsMore = (image: GivenImage, name: string) => embedder.showsMore(image, name, side)
  return [whole, { ...crops, insteadOf: whole, showsMore, dispose: () => {} }]
}

async function loadCandidate(weights: string, options: LoadOptions): Promise<Candidate> {
  const { model, recipe, fingerprint } = await modelOfWeights(weights, options.recipe, options)
  const embedder = new ImageEmbedder({
    network: networkOf(model, options.onEager),
    views: model.views,
    transforms: episodeTransforms(recipe),
    reduceTo: reducedTo(recipe),
    fingerprint,
    render: renderAhead,
  })
  return {
    origin: {
      weights: lastingName(weights),
      ...(typeof options.card === 'string' && { card: resolve(options.card) }),
      ...(options.recipe && { recipe: storedRecipe(options.recipe) }),
      ...(options.head !== undefined && { head: options.head }),
      ...(options.features !== undefined && { features: options.features }),
    },
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

/** Parts are crops of half a side. */
export function reducedTo({ data: { image_size: size }, resolved: { encoding } }: Recipe): number {
  return encoding.kind === 'pooled' ? pooledAtTimes * size : readAtTimes * size
}

/** Where the only level is `centred`, with nothing said of it, heads are fitted to each stage that its features are made of. */
export function comparisonOf(model: EvaluatedModel, { resolved: { levels } }: Recipe): Comparison {
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

/** What weights can be found by later, from any folder. */
function lastingName(weights: string): string {
  const path = resolve(weights)
  return resolve(weightsFile(weights)) === path ? path : weights
}
