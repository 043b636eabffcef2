import { didYouMean } from '@m2l/engine'
import type { BackboneDefinition, BackboneInput } from '@m2l/backbones'
import { levelNormalisation, normalisations, type Normalisation } from '@m2l/pictures'
import type { LevelDefinition } from '@m2l/metric'
import type { z } from 'zod'
import type { KnownParts } from './known-parts.js'
import { recipeLevels, type RecipeLevels } from './methods.js'
import { describeIssue, keysOf } from './describe-issue.js'
import { partGrids, saidEncoding, type SaidEncoding } from './forward-encodings.js'
import type { RecipeValues } from './schema.js'

/** What a recipe's names stand for, looked up once; plain data but for the definitions. */
export interface ResolvedRecipe {
  /** What they can stand for. */
  readonly known: KnownParts
  readonly backbone: ChosenBackbone
  readonly levels: readonly ChosenLevel[]
  readonly encoding: SaidEncoding
  /** Cells along a side of each grid of parts; nothing where the forward encoding has none. */
  readonly grids: readonly number[] | undefined
  readonly input: ChosenInput
}

/** A recipe's backbone, with all its options. */
export interface ChosenBackbone {
  readonly definition: BackboneDefinition
  readonly options: Readonly<Record<string, unknown>>
}

/** A level of a recipe, with all its options. */
export interface ChosenLevel {
  readonly definition: LevelDefinition
  readonly weight: number
  readonly temperature: number
  readonly options: Readonly<Record<string, unknown>>
  /** What the recipe, or its method, says of it: weight, temperature and some of the options. */
  readonly said: RecipeLevels[string]
}

/** How pictures become the backbone's input. */
export interface ChosenInput extends Pick<BackboneInput, 'size' | 'frame' | 'filter'> {
  /** Nothing where levels stay as they are. */
  readonly normalisation: Normalisation | undefined
}

/** What a recipe says of its pictures, with its encoder's defaults. */
export type ResolvedData = Omit<RecipeValues['data'], keyof InputKeys> & InputKeys

type InputKeys = Required<Pick<RecipeValues['data'], 'image_size' | 'normalisation'>>

/** Makes the error for what is wrong under a key of a recipe. */
export type Refuse = (path: readonly PropertyKey[], words: string) => Error

/** Looks up the names in a recipe, and throws as it is refused what they cannot stand for. */
export function resolveRecipe(
  values: RecipeValues,
  known: KnownParts,
  refuse: Refuse,
): { readonly data: ResolvedData; readonly resolved: ResolvedRecipe } {
  const parse = (path: readonly string[], options: z.ZodObject, value: unknown) => {
    const schema = options.strict()
    const parsed = schema.safeParse(value)
    if (parsed.success) return parsed.data
    const issue = parsed.error.issues[0]!
    throw refuse(keysOf(issue, path), describeIssue(issue, { schema, value, path }))
  }
  const { encoder, encoder_options: said = {} } = values.model
  const definition = known.backbones.get(encoder)
  const backbone = { definition, options: parse(['model', 'encoder_options'], definition.options, said) }
  const levels = Object.entries(recipeLevels(values)).map(([name, level]): ChosenLevel => {
    const path = ['model', 'levels', name]
    const { names } = known.levels
    if (!names.includes(name)) {
      throw refuse(
        path,
        `model.levels.${name}: there is no level ${name}; there are ${names.join(', ')}, and those of model.imports${didYouMean(name, names)}`,
      )
    }
    const { weight, temperature, ...options } = level
    const chosen = known.levels.get(name)
    return {
      definition: chosen,
      weight,
      temperature,
      options: parse(path, chosen.options, options),
      said: level,
    }
  })
  const data = withInput(values.data, definition.input)
  return {
    data,
    resolved: {
      known,
      backbone,
      levels,
      encoding: saidEncoding(values.model.forward_encoding),
      grids: partGrids(values.model.forward_encoding),
      input: inputOf(data, definition),
    },
  }
}

/** What a recipe says of its pictures, and what its encoder says where it does not. */
export function withInput(data: RecipeValues['data'], input: BackboneInput): ResolvedData {
  return {
    ...data,
    image_size: data.image_size ?? input.size,
    normalisation: data.normalisation ?? asSaid(input.normalisation),
  }
}

/** The same numbers in lists that may be written to, as schemas give them. */
export function asSaid(normalisation: BackboneInput['normalisation']): ResolvedData['normalisation'] {
  if (typeof normalisation === 'string') return normalisation
  const { mean, deviation } = normalisation
  return { mean: [...mean], deviation: [...deviation] }
}

function inputOf(
  { image_size: size, normalisation }: ResolvedData,
  { input: { frame, filter } }: BackboneDefinition,
): ChosenInput {
  return {
    size,
    frame,
    filter,
    normalisation:
      typeof normalisation === 'string' ? normalisations[normalisation] : levelNormalisation(normalisation),
  }
}
