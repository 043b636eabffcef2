import type { Recipe } from '@m2l/m2l'
import { Command, InvalidArgumentError, Option } from 'commander'
import type { ProgressDisplay } from '../terminal/progress-display.js'
import { type OutputOptions, withProgress } from './output-options.js'

/** What the commands that carry out a recipe have in common. */
export interface RecipeCommandOptions extends OutputOptions {
  readonly cfg: string
  readonly device?: 'cpu' | 'gpu' | number
  readonly threads?: number
  readonly precision?: 'f32' | 'bf16'
  readonly profile?: string
}

/** A command that takes a recipe, overrides of it and a device. */
export function recipeCommand(name: string, description: string): Command {
  const command = new Command(name)
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
  return withProgress(command)
}

/** Reads the recipe, then loads the engine: a mistake in the recipe is told at once. */
export async function prepareRecipe(
  options: RecipeCommandOptions,
  overrides: readonly string[],
  display: ProgressDisplay,
): Promise<Recipe> {
  const { engineStatus, loadEngine } = await import('@m2l/engine')
  const { readRecipe } = await import('@m2l/m2l')
  const recipe = await readRecipe(options.cfg, overrides)
  await loadEngine({
    ...(options.device !== undefined && { device: options.device }),
    ...(options.threads !== undefined && { threads: options.threads }),
    ...(options.precision !== undefined && { precision: options.precision }),
  })
  const { backend, device, threads } = await engineStatus()
  display.note(`recipe ${recipe.file}; results go to ${recipe.folder}`)
  display.note(`computes on ${device} with ${threads} threads, back end ${backend}`)
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
