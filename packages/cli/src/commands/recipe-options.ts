import type { Recipe } from '@m2l/m2l'
import { Command } from 'commander'
import { count } from '../terminal/format.js'
import type { ProgressDisplay } from '../terminal/progress-display.js'
import { engineOptions, loadChosenEngine, type EngineOptions } from './engine-options.js'
import { type OutputOptions, withProgress } from './output-options.js'

/** What the commands that carry out a recipe have in common. */
export interface RecipeCommandOptions extends EngineOptions, OutputOptions {
  readonly cfg: string
  readonly profile?: string
  readonly force?: true
}

/** A command that takes a recipe, overrides of it and a device. */
export function recipeCommand(name: string, description: string): Command {
  const command = new Command(name)
    .description(description)
    .argument('[key=value...]', 'changes of the recipe, for example train.epochs=3')
    .requiredOption('--cfg <file>', 'the recipe, a YAML file')
  engineOptions(command).option(
    '--profile <file>',
    "write where the time goes to a file in Chrome's trace format",
  )
  return withProgress(withForce(command))
}

/**
 * Adds what every command takes that uses weights: to use them although they contradict what they are used
 * for.
 */
export function withForce(command: Command): Command {
  return command.option(
    '--force',
    'go on where weights or a run were made with other settings, or have learned the classes that are evaluated',
  )
}

/** Reads the recipe, then loads the engine: a mistake in the recipe is told at once. */
export async function prepareRecipe(
  options: RecipeCommandOptions,
  overrides: readonly string[],
  display: ProgressDisplay,
): Promise<Recipe> {
  const { engineStatus } = await import('@m2l/engine')
  const { readRecipe } = await import('@m2l/m2l')
  const recipe = await readRecipe(options.cfg, overrides)
  await loadChosenEngine(options)
  const { backend, device, threads } = await engineStatus()
  display.note(`recipe ${recipe.file}; results go to ${recipe.folder}`)
  display.note(`computes on ${device} with ${count(threads, 'thread')}, back end ${backend}`)
  return recipe
}
