import { dirname, resolve } from 'node:path'
import { levelNormalisation } from '@m2l/pictures'
import { InputError } from '@m2l/engine'
import type { LevelFusion } from '@m2l/metric'
import { disposeState } from '@m2l/nn'
import { isOnnxFile, onnxEmbedder, type OnnxCardInput, type OnnxEmbedder } from '@m2l/onnx'
import {
  asSaid,
  checkedRecipe,
  type CompareBy,
  comparisonOverrides,
  createLevels,
  ForeignModel,
  forwardEncoding,
  ownParts,
  usualEncoder,
  writtenRecipe,
} from '@m2l/model'
import { learnedLevels, ofPositions } from '../features/feature-metric.js'
import { placed, type Recipe } from '../recipe/read-recipe.js'

/** How an ONNX network is given pictures. */
export interface OnnxOptions {
  /**
   * The card of an ONNX network, or its file; the YAML file beside the network that is called like it, if not
   * given.
   */
  readonly card?: OnnxCardInput | string | undefined
}

/**
 * Checks that a card is not given where weights are yet to be chosen, none of which has one.
 *
 * @throws {InputError} when it is
 */
export function requireNoCard({ card }: OnnxOptions): void {
  if (card === undefined) return
  throw new InputError(
    `${typeof card === 'string' ? `${card}: is` : 'the card is'} of an ONNX network, which is not named; name it, too (--weights NETWORK.onnx), or leave out the card`,
  )
}

/** An ONNX network under a recipe's levels. */
export interface OnnxModel {
  readonly model: ForeignModel
  /** The recipe, with the input that the card says. */
  readonly recipe: Recipe
  /** What a person should know of it, as words that follow its name. */
  readonly notes: readonly string[]
}

/**
 * What compares features unless a recipe says otherwise: heads that are chosen by the examples, on the mean
 * of maps.
 */
const usual = {
  model: { forward_encoding: 'Mean', fusion: 'consistent', levels: { centred: { temperature: 0.1 } } },
}

/**
 * An ONNX network with the levels of a recipe over it.
 *
 * @param asked if not given, the level `centred` compares pooled features, which classifiers fit heads to
 * @throws {InputError} when the network or its card cannot be used, the recipe contradicts the card, or a
 *   level needs what the network does not have
 */
export async function onnxModel(
  file: string,
  asked: Recipe | undefined,
  { card, ...by }: OnnxOptions & CompareBy = {},
): Promise<OnnxModel> {
  const network = await onnxEmbedder({ file, card })
  try {
    const recipe = withCard(asked ?? usualRecipe(by), network, file)
    const metric = createLevels(recipe, network.channels)
    try {
      requireLevels(recipe, metric, network)
    } catch (error) {
      disposeState(metric.state)
      throw error
    }
    const model = new ForeignModel(network, metric, forwardEncoding(recipe, metric.needs))
    return { model, recipe, notes: network.notes }
  } catch (error) {
    network.dispose()
    throw error
  }
}

function usualRecipe(by: CompareBy): Recipe {
  return placed(checkedRecipe(writtenRecipe(usual, 'levels', comparisonOverrides(by)), ownParts()))
}

/**
 * The ONNX network that a recipe names as its weights, relative to the recipe; nothing where it names none or
 * others.
 */
export function onnxWeights({ file, model: { weights } }: Recipe): string | undefined {
  return weights !== undefined && isOnnxFile(weights) ? resolve(dirname(file), weights) : undefined
}

/**
 * Checks that a recipe's network can be trained.
 *
 * @throws {InputError} when it is an ONNX network
 */
export function requireTrainable(recipe: Recipe): void {
  if (onnxWeights(recipe) === undefined) return
  throw new InputError(
    `${recipe.file}: model.weights is ${recipe.model.weights}, an ONNX network, which is evaluated (m2l evaluate) and classifies but is not trained; name weights of ours to train from, or none with model.weights=null`,
  )
}

/** A recipe whose pictures are those of the card: what it says of them itself is refused where it differs. */
function withCard(recipe: Recipe, { card }: OnnxEmbedder, file: string): Recipe {
  const { data, model, resolved } = recipe
  const { size, resize, filter, mean, deviation } = card.picture
  const { definition } = resolved.backbone
  if (definition.name !== usualEncoder) {
    throw new InputError(
      `${recipe.file}: model.encoder is ${model.encoder}, but the weights ${file} are an ONNX network, which is an encoder itself; leave out model.encoder`,
    )
  }
  if (data.image_size !== definition.input.size && data.image_size !== size) {
    throw new InputError(
      `${recipe.file}: data.image_size is ${data.image_size}, but the card of ${file} says ${size}; leave out data.image_size`,
    )
  }
  return {
    ...recipe,
    data: { ...data, image_size: size, normalisation: asSaid({ mean, deviation }) },
    resolved: {
      ...resolved,
      input: {
        size,
        frame: resize === 'square' ? 'square' : { shorterSide: resize / size },
        filter,
        normalisation: levelNormalisation({ mean, deviation }),
      },
    },
  }
}

function requireLevels(
  recipe: Recipe,
  { levels }: LevelFusion,
  { shape: [height, width] }: OnnxEmbedder,
): void {
  for (const { name, needs } of levels.map(({ level }) => level)) {
    const refuse = (lacks: string) =>
      new InputError(
        `${recipe.file}: level ${name} needs ${lacks}; compare its features by others, for example model.levels={global: {}}`,
      )
    if (learnedLevels.has(name)) throw refuse('weights that it has learned, which an ONNX network lacks')
    if (height * width > 1) continue
    const words = 'a map, but the network gives one pooled feature of a picture'
    if (ofPositions.has(name)) throw refuse(words)
    if (needs.includes('parts') && recipe.model.parts === 'map') {
      throw refuse(`${words} (its crops may be parts: model.parts=image)`)
    }
  }
}
