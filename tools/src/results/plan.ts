import { readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { InputError } from '@m2l/engine'
import { load } from 'js-yaml'
import { z } from 'zod'

const precision = z.enum(['f32', 'bf16'])
const recipe = z
  .string()
  .regex(/^[\w-]+\/[\w-]+_N\d+K\d+_[\w-]+$/, 'expected a recipe such as emoji/M2L_N5K1_R12')

const planSchema = z.strictObject({
  precision: z.strictObject({ training: precision, evaluation: precision }),
  runs: z.array(
    z.strictObject({
      recipe,
      seeds: z.array(z.int()).min(1).default([1]),
      against: recipe.optional(),
      /** Instead of the plan's, in training and in the pretraining before it. */
      precision: precision.optional(),
    }),
  ),
  shipped: z.array(z.strictObject({ recipe, weights: z.string() })).default([]),
  ablations: z
    .strictObject({
      of: recipe,
      seed: z.int().default(1),
      variants: z.array(
        z.strictObject({
          group: z.string(),
          name: z.string(),
          set: z.array(z.string()).default([]),
          /** Whether it is trained; else it is evaluated with the weights of the recipe itself. */
          train: z.boolean().default(false),
          /** Instead of the plan's: in training where it is trained, else in evaluation. */
          precision: precision.optional(),
        }),
      ),
    })
    .optional(),
})

/** What convolutions compute in. */
export type Precision = z.output<typeof precision>

/** One result of the plan: a card. */
export interface PlannedResult {
  /** Names it, its card (`cards/<id>.json`) and the folder of its evaluation. */
  readonly id: string
  /** Below the folder of recipes, without its ending. */
  readonly recipe: string
  readonly seed: number
  /** What is changed in the recipe. */
  readonly set: readonly string[]
  readonly precision: { readonly training: Precision; readonly evaluation: Precision }
  /** Whose weights are evaluated: its own, those of another result by its id, or shipped ones by name. */
  readonly weights: { readonly own: true } | { readonly of: string } | { readonly shipped: string }
  /** The id of a result on the same episodes with which the card compares this one. */
  readonly against?: string
  /** Where it stands among the ablations. */
  readonly ablation?: { readonly group: string; readonly name: string }
}

/**
 * The results of a plan, in the order in which they can be had.
 *
 * @throws {InputError} when the plan cannot be read or names results that it does not hold
 */
export function readPlan(file: string): PlannedResult[] {
  let value: unknown
  try {
    value = load(readFileSync(file, 'utf8'))
  } catch (error) {
    throw new InputError(`${file}: expected a plan in YAML, but ${(error as Error).message}`)
  }
  const parsed = planSchema.safeParse(value)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw new InputError(`${file}: ${issue!.path.join('.')}: ${issue!.message}`)
  }
  const results = plannedResults(parsed.data)
  const known = new Set<string>()
  for (const { id, against, weights } of results) {
    if (known.has(id)) throw new InputError(`${file}: ${id} is planned twice`)
    const needed = [against, 'of' in weights ? weights.of : undefined].find((one) => one && !known.has(one))
    if (needed) throw new InputError(`${file}: ${id} needs ${needed}, which is not planned before it`)
    known.add(id)
  }
  return results
}

function plannedResults({
  precision: usual,
  runs,
  shipped,
  ablations,
}: z.output<typeof planSchema>): PlannedResult[] {
  const trained = runs.flatMap(({ recipe: of, seeds, against, precision: training = usual.training }) =>
    seeds.map((seed): PlannedResult => ({
      id: withSeed(of, seed),
      recipe: of,
      seed,
      set: [],
      precision: { ...usual, training },
      weights: { own: true },
      ...(against !== undefined && { against: withSeed(against, seed) }),
    })),
  )
  const asShipped = shipped.map(({ recipe: of, weights }): PlannedResult => ({
    id: `${of}.${weights}`,
    recipe: of,
    seed: 1,
    set: [],
    precision: usual,
    weights: { shipped: weights },
  }))
  const varied = (ablations?.variants ?? []).map(
    ({ group, name, set, train, precision: other }): PlannedResult => {
      const { of: varies, seed } = ablations!
      const of = withSeed(varies, seed)
      return {
        id: `${of}.${`${group} ${name}`.replaceAll(/\W+/g, '-')}`,
        recipe: varies,
        seed,
        set,
        precision: { ...usual, ...(other && { [train ? 'training' : 'evaluation']: other }) },
        weights: train ? { own: true } : { of },
        against: of,
        ablation: { group, name },
      }
    },
  )
  return [...trained, ...asShipped, ...varied]
}

function withSeed(name: string, seed: number): string {
  return seed === 1 ? name : `${name}.seed${seed}`
}

/** What a recipe's name says. */
export interface NamedRecipe {
  readonly dataset: string
  readonly method: string
  readonly ways: number
  readonly shots: number
}

/** Takes a recipe's name apart. */
export function namedRecipe(name: string): NamedRecipe {
  const [method, episode] = basename(name).split('_') as [string, string]
  const [, ways, shots] = /^N(\d+)K(\d+)$/.exec(episode)!
  return { dataset: dirname(name), method, ways: Number(ways), shots: Number(shots) }
}

/** The manifest of the episodes of a recipe, within the folder of results. */
export function manifestOf(name: string): string {
  const { dataset, ways, shots } = namedRecipe(name)
  return join('manifests', `${dataset}_N${ways}K${shots}.json`)
}
