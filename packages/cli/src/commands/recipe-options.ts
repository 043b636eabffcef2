import type { Recipe } from '@m2l/m2l'
import { Command } from 'commander'
import { engineOptions, loadChosenEngine, type EngineOptions } from './engine-options.js'

/** What the commands that carry out a recipe have in common. */
export interface RecipeCommandOptions extends EngineOptions {
  readonly cfg: string
  readonly json?: true
  readonly quiet?: true
  readonly profile?: string
}

/** A command that takes a recipe, overrides of it and a device. */
export function recipeCommand(name: string, description: string): Command {
  const command = new Command(name)
    .description(description)
    .argument('[key=value...]', 'changes of the recipe, for example train.epochs=3')
    .requiredOption('--cfg <file>', 'the recipe, a YAML file')
  return engineOptions(command)
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
  const { readRecipe } = await import('@m2l/m2l')
  const recipe = await readRecipe(options.cfg, overrides)
  await loadChosenEngine(options)
  return recipe
}
