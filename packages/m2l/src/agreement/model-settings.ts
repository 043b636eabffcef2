import type { z } from 'zod'
import {
  type CheckedRecipe,
  type KnownParts,
  publishedGrid,
  recipeLevels,
  type RecipeValues,
  withInput,
} from '@m2l/model'
import { flattened, type Settings } from './settings.js'

type Options = Readonly<Record<string, unknown>>

/** What of a recipe decides how a backbone sees pictures. */
export function backboneSettings({ model, data, resolved }: CheckedRecipe): Settings {
  return settingsOfBackbone(resolved.known, { model, data, options: resolved.backbone.options })
}

/**
 * What of a recipe decides what a trained model makes of a picture: {@link backboneSettings}, the parts, and
 * the levels with all their options, whether they are written out or defaults.
 */
export function modelSettings(recipe: CheckedRecipe): Settings {
  const levels = recipe.resolved.levels.map(({ definition, weight, temperature, options }) => [
    definition.name,
    { weight, temperature, ...withoutResources(options) },
  ])
  return { ...backboneSettings(recipe), ...settingsOfLevels(recipe.model, Object.fromEntries(levels)) }
}

/**
 * {@link backboneSettings} of the recipe that weights were stored with, which may name what is not known any
 * more; its options are then those that are written out.
 */
export function storedBackboneSettings({ model, data }: RecipeValues, known: KnownParts): Settings {
  const definition = known.backbones.find(model.encoder)
  return settingsOfBackbone(known, {
    model,
    data: definition ? withInput(data, definition.input) : data,
    options: completed(definition?.options, model.encoder_options ?? {}),
  })
}

/** {@link modelSettings} likewise. */
export function storedModelSettings(values: RecipeValues, known: KnownParts): Settings {
  const levels = Object.entries(recipeLevels(values)).map(([name, { weight, temperature, ...options }]) => {
    const schema = known.levels.names.includes(name) ? known.levels.get(name).options : undefined
    return [name, { weight, temperature, ...withoutResources(completed(schema, options)) }]
  })
  return {
    ...storedBackboneSettings(values, known),
    ...settingsOfLevels(values.model, Object.fromEntries(levels)),
  }
}

/** The network of an encoder: `R12-pre` is `R12` that drops features while it is trained. */
export function networkOf({ backbones }: KnownParts, encoder: string): string {
  return backbones.find(encoder)?.network ?? encoder
}

function settingsOfBackbone(
  known: KnownParts,
  { model, data, options }: Pick<RecipeValues, 'model' | 'data'> & { readonly options: Options },
): Settings {
  return {
    'model.encoder': networkOf(known, model.encoder),
    ...flattened(options, encoderOptions),
    'data.image_size': data.image_size,
    'data.normalisation': data.normalisation,
  }
}

/** What the keys of an encoder's options begin with. */
export const encoderOptions = 'model.encoder_options.'

function settingsOfLevels(model: RecipeValues['model'], levels: Readonly<Record<string, Options>>): Settings {
  const encoding = model.forward_encoding ?? ('part' in levels ? publishedGrid : 'FCN')
  return {
    'model.forward_encoding': encoding,
    ...(encoding.startsWith('Grid-') && { 'model.parts': model.parts }),
    ...(Object.keys(levels).length > 1 && { 'model.fusion': model.fusion }),
    ...flattened(levels, 'model.levels.'),
  }
}

/** Options with their defaults, where they can be read. */
function completed(schema: z.ZodObject | undefined, options: Options): Options {
  const parsed = schema?.safeParse(options)
  return parsed?.success ? parsed.data : options
}

/** Options that change what a computation takes, not what comes of it. */
const ofResources = new Set(['memory_mib'])

function withoutResources(options: Options): Options {
  return Object.fromEntries(Object.entries(options).filter(([key]) => !ofResources.has(key)))
}
