import { InputError } from '@m2l/engine'
import { LevelRegistry, type LevelDefinition, type LevelEnvironment, type MetricLevel } from '@m2l/metric'
import { globalDefinition, relationDefinition } from '@m2l/metric-global'
import { partDefinition } from '@m2l/metric-part'
import { alignmentDefinition, pixelDefinition } from '@m2l/metric-pixel'
import { disposeState } from '@m2l/nn'
import { partGrids } from './forward-encoding.js'
import { importLevel } from './import-level.js'
import { describeIssue } from './recipe/describe-issue.js'
import type { Recipe } from './recipe/read-recipe.js'
import { refinementFor } from './semi-supervision.js'

const ownDefinitions = [
  partDefinition,
  pixelDefinition,
  globalDefinition,
  relationDefinition,
  alignmentDefinition,
] as LevelDefinition[]

/** The levels of a recipe with their options, weights and temperatures. */
export type RecipeLevels = NonNullable<Recipe['model']['levels']>

/**
 * The levels that the recipe names, or those that its `query` stands for; in a semi-supervised recipe these refine their
 * prototypes by unlabelled images.
 */
export function recipeLevels(recipe: Recipe): RecipeLevels {
  const { model } = recipe
  if (model.levels) return model.levels
  const pixel = { neighbours: model.nbnn_topk }
  const global = (weight: number, temperature: number) => ({
    weight,
    temperature,
    ...refinementFor(recipe, temperature),
  })
  switch (model.query) {
    case 'ProtoNet':
      return { global: global(1, model.protonet.temperature) }
    case 'MatchingNet':
      return { global: { weight: 1, temperature: 1 / model.matchingnet.temperature, similarity: 'cosine' } }
    case 'RelationNet':
      return { relation: { weight: 1, temperature: 1 } }
    case 'DN4':
      return { pixel: { weight: 1, temperature: model.temperature, ...pixel } }
    case 'ST':
      return { alignment: { weight: 1, temperature: model.temperature } }
    default:
      return {
        part: { weight: 1, temperature: 1 },
        pixel: { weight: 0.5, temperature: 1, ...pixel },
        global: global(0.5, 64),
      }
  }
}

/**
 * The levels of these packages and those that the recipe imports.
 *
 * @throws {InputError} when a module cannot be imported or its default export is not a level definition
 */
export async function levelRegistry(recipe: Pick<Recipe, 'file' | 'model'>): Promise<LevelRegistry> {
  const registry = new LevelRegistry(ownDefinitions)
  for (const name of recipe.model.imports) registry.register(await importLevel(name, recipe.file))
  return registry
}

/**
 * A level with the options that the recipe gives it.
 *
 * @throws {InputError} when there is no such level, an option is wrong, or the recipe's forward encoding does not make
 *   the parts that it needs
 */
export function createLevel(
  recipe: Recipe,
  registry: LevelRegistry,
  name: string,
  options: Readonly<Record<string, unknown>>,
  environment: LevelEnvironment,
): MetricLevel {
  const { file, model } = recipe
  if (!registry.names.includes(name)) {
    throw new InputError(
      `${file}: model.levels.${name}: there is no level ${name}; there are ${registry.names.join(', ')}, and those of model.imports`,
    )
  }
  const schema = registry.get(name).options.strict()
  const parsed = schema.safeParse(options)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    const path = ['model', 'levels', name]
    throw new InputError(`${file}: ${describeIssue(issue!, { schema, value: options, path })}`)
  }
  const level = registry.create(name, options, environment)
  if (level.needs.includes('parts') && !partGrids(recipe)) {
    disposeState(level.state)
    throw new InputError(
      `${file}: model.forward_encoding is ${model.forward_encoding}, but level ${name} needs the parts of images; expected Grid-N,N…, for example Grid-3,2`,
    )
  }
  return level
}
