import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { InputError } from '@m2l/engine'
import { isOnnxFile } from '@m2l/onnx'
import { readCheckpoint, type StoredCheckpoint } from '@m2l/trainer'
import {
  assignBackbone,
  assignCheckpoint,
  type CompareBy,
  comparisonOverrides,
  createModel,
  type EvaluatedModel,
  type FewShotModel,
  isDropBlockCounter,
  namesFor,
  readStoredRecipe,
  recipeOfWeights,
  storedRecipe,
  modelFingerprint,
} from '@m2l/model'
import { AgreementCheck, learningOf, type AgreementOptions } from '../agreement/agreement.js'
import { backboneSettings, modelSettings } from '../agreement/model-settings.js'
import type { Learning } from '../agreement/seen-classes.js'
import { learnedLevels } from '../features/feature-metric.js'
import { onnxModel, onnxWeights, type OnnxOptions } from './onnx-model.js'
import { placed, type Recipe } from '../recipe/read-recipe.js'
import { weightsExist, weightsFile } from '../weights/weights-file.js'
import { levelsTaken } from '../weights/levels-taken.js'
import { learningOfWeights, settingsOfModel } from '../weights/stored-facts.js'

/** A model with learned weights, which is the caller's to dispose. */
export interface TrainedModel {
  readonly model: EvaluatedModel
  /** How it is made. */
  readonly recipe: Recipe
  /** Where the weights came from, as it was named. */
  readonly checkpoint: string
  /** Names all that decides the model's numbers: a SHA-256 in hexadecimal. */
  readonly fingerprint: string
  /** The SHA-256 of the file, as it was read; of an ONNX network, with its card and its other files. */
  readonly sha256: string
  /** How the weights agree with the recipe. */
  readonly agreement: AgreementCheck
  /** What they learned from; nothing where they do not say. */
  readonly learning: Learning | undefined
}

/**
 * A recipe's model with the weights of a checkpoint.
 *
 * @param checkpoint weights by name, a safetensors file or of PyTorch, or an ONNX network; if not given the
 *   network that the recipe names, else the best of the run folder
 * @throws {InputError} when there is no such file, it does not fit, or it was trained with other settings and
 *   is not to be taken nevertheless
 */
export async function trainedModel(
  recipe: Recipe,
  checkpoint?: string,
  options: AgreementOptions & OnnxOptions & CompareBy = {},
): Promise<TrainedModel> {
  const named = checkpoint ?? onnxWeights(recipe)
  const file = named === undefined ? join(recipe.folder, 'best.safetensors') : weightsFile(named)
  if (!weightsExist(file)) {
    throw new InputError(
      `${file}: there is no such checkpoint; train first (npx m2l train), or name a checkpoint's file with --checkpoint`,
    )
  }
  return modelOf({ file, said: named ?? file }, recipe, options)
}

/**
 * The model of weights, made as a recipe says, or as they themselves do where there is none.
 *
 * @param weights weights by name, a safetensors file or of PyTorch, or an ONNX network
 * @throws {InputError} likewise, or when they do not say how their model is made
 */
export async function modelOfWeights(
  weights: string,
  recipe: Recipe | undefined,
  options: AgreementOptions & OnnxOptions & CompareBy = {},
): Promise<TrainedModel> {
  const file = weightsFile(weights)
  if (!weightsExist(file)) {
    throw new InputError(`${weights}: there are no such weights; name shipped ones or a checkpoint's file`)
  }
  return modelOf({ file, said: weights }, recipe, options)
}

/** Reads weights, once. */
async function modelOf(
  { file, said }: { readonly file: string; readonly said: string },
  asked: Recipe | undefined,
  options: AgreementOptions & OnnxOptions & CompareBy,
): Promise<TrainedModel> {
  const changes = comparisonOverrides(options, undefined, asked)
  if (isOnnxFile(file)) return modelOfNetwork({ file, said }, asked, options)
  if (options.card !== undefined) {
    throw new InputError(`${said}: has a card, but is no ONNX network (.onnx); leave out the card`)
  }
  const stored = await readCheckpoint(file, namesFor(asked))
  const written = readStoredRecipe(said, stored.metadata.recipe, asked?.resolved.known)
  const recipe = asked ?? placed(recipeOfWeights(said, written, options))
  const agreement = new AgreementCheck(said, options)
  const levels = levelsTaken(stored, written, recipe)
  if (asked) {
    const settings = settingsOfModel(written, stored.metadata, recipe.resolved.known)
    const wanted = isOfPretraining(stored) ? backboneSettings(recipe) : modelSettings(recipe)
    agreement.compareSettings(settings && levels.shared(settings), levels.shared(wanted), stored.under)
  }
  const model = createModel(recipe)
  try {
    if (changes.length > 0) {
      assignBackbone(file, stored, model.backbone.state, { optional: isDropBlockCounter })
      requireUnlearned(said, model)
    } else {
      const into = { model: levels.stateOf(model.state) }
      assignCheckpoint(file, { ...stored, model: levels.tensors }, into, { optional: isDropBlockCounter })
      model.metric.requireReady()
      const note = levels.noteFor(model.state)
      if (note !== undefined) agreement.note(note)
    }
    const learning = learningOfWeights(file, stored.metadata)
    return {
      model,
      recipe,
      checkpoint: said,
      fingerprint: modelFingerprint(recipe, stored.model),
      sha256: stored.sha256,
      agreement,
      learning,
    }
  } catch (error) {
    model.dispose()
    throw error
  }
}

/** A head that was named by hand has no weights of its own but those that it begins with. */
function requireUnlearned(said: string, { metric }: FewShotModel): void {
  const learned = metric.levels.find(({ level: { name } }) => learnedLevels.has(name))
  if (!learned) return
  throw new InputError(
    `${said}: level ${learned.level.name} has weights that it learns with its backbone, which are not at hand; name another head, such as ridge or logistic`,
  )
}

async function modelOfNetwork(
  { file, said }: { readonly file: string; readonly said: string },
  asked: Recipe | undefined,
  options: AgreementOptions & OnnxOptions,
): Promise<TrainedModel> {
  const { model, recipe, notes } = await onnxModel(file, asked, options)
  const agreement = new AgreementCheck(said, options)
  for (const note of notes) agreement.note(note)
  const unlearned = model.metric.levels.filter(({ level }) => Object.keys(level.state).length > 0)
  if (unlearned.length > 0) {
    agreement.note(
      `has no weights of level ${unlearned.map(({ level }) => level.name).join(' and ')}, which is as it begins, before any training`,
    )
  }
  return {
    model,
    recipe,
    checkpoint: said,
    fingerprint: createHash('sha256').update(storedRecipe(recipe)).update(model.fingerprint).digest('hex'),
    sha256: model.fingerprint,
    agreement,
    learning: undefined,
  }
}

/**
 * Why it cannot be told where in pictures a model's answers come from, as the end of a sentence that begins
 * with its name; nothing where it can.
 *
 * @param views how it sees pictures
 */
export function whyUnexplained(
  model: EvaluatedModel,
  views: 'whole' | 'crops' = 'whole',
): string | undefined {
  const isPooled = model.encoding.map === 'pooled'
  if ('network' in model && model.isPooled) {
    return 'gives one feature of a picture, which does not say where in it an answer comes from'
  }
  if ('network' in model && !isPooled) {
    return 'is an ONNX network, of which features are explained that are pooled (Mean, Centre), not positions that levels compare'
  }
  if (views === 'crops' && !isPooled) {
    return 'is compared by the mean of a picture and its corners position by position, which are places of no picture'
  }
  return undefined
}

/** A model with weights that can be explained; another one is freed, and refused with the reason. */
export function explainableModel({ model, checkpoint }: TrainedModel): EvaluatedModel {
  const reason = whyUnexplained(model)
  if (reason === undefined) return model
  model.dispose()
  throw new InputError(`${checkpoint}: ${reason}`)
}

/**
 * Whether weights are those of an encoder alone, to which any levels can be put that have learned nothing.
 */
function isOfPretraining({ metadata }: Pick<StoredCheckpoint, 'metadata'>): boolean {
  return metadata.recipe === undefined && learningOf(metadata.learned)?.at(-1)?.kind === 'pretraining'
}
