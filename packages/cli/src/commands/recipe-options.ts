import type { Recipe } from '@m2l/m2l'
import { Command, InvalidArgumentError, Option } from 'commander'

/** What the commands that carry out a recipe have in common. */
export interface RecipeCommandOptions {
  readonly cfg: string
  readonly device?: 'cpu' | 'gpu' | number
  readonly threads?: number
  readonly precision?: 'f32' | 'bf16'
  readonly json?: true
  readonly quiet?: true
  readonly profile?: string
}

/** A command that takes a recipe, overrides of it and a device. */
export function recipeCommand(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .argument('[key=value...]', 'changes of the recipe, for example train.epochs=3')
    .requiredOption('--cfg <file>', 'the recipe, a YAML file')
    .option(
      '--device <device>',
      'cpu, gpu, or the number of a GPU (default: a GPU if there is one)',
      parseDevice,
    )
    .option('--threads <count>', 'threads of the engine (default: one a core)', parseThreads)
    .addOption(
      new Option(
        '--precision <type>',
        'of convolutions and products: f32, or bf16, faster on processors that have it',
      ).choices(['f32', 'bf16']),
    )
    .option('--profile <file>', "write where the time goes to a file in Chrome's trace format")
    .helpOption('-h, --help', 'print help')
    .option('--json', 'print one JSON object on standard output and nothing else there')
    .option('--quiet', 'print no progress')
}

/** Reads the recipe, then loads the engine: a mistake in the recipe is told at once. */
export async function prepareRecipe(
  options: RecipeCommandOptions,
  overrides: readonly string[],
): Promise<Recipe> {
  const { loadEngine } = await import('@m2l/engine')
  const { readRecipe } = await import('@m2l/m2l')
  const recipe = await readRecipe(options.cfg, overrides)
  await loadEngine({
    ...(options.device !== undefined && { device: options.device }),
    ...(options.threads !== undefined && { threads: options.threads }),
    ...(options.precision !== undefined && { precision: options.precision }),
  })
  return recipe
}

function parseDevice(text: string): 'cpu' | 'gpu' | number {
  if (text === 'cpu' || text === 'gpu') return text
  if (/^\d+$/.test(text)) return Number(text)
  throw new InvalidArgumentError('expected cpu, gpu, or the number of a GPU')
}

function parseThreads(text: string): number {
  if (/^[1-9]\d*$/.test(text)) return Number(text)
  throw new InvalidArgumentError('expected a whole number of at least 1')
}
