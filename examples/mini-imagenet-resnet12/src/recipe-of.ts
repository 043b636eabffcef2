import { fileURLToPath } from 'node:url'
import { loadEngine } from '@m2l/engine'
import { leaveOnBrokenPipe } from '@m2l/engine-native'
import { readRecipe, type Recipe, type RecipeRunOptions } from '@m2l/m2l'

/**
 * Loads the engine and reads a miniImageNet recipe.
 *
 * The command line gives the folder of images first, then changes of the recipe:
 * `/data/mini-imagenet pre.epochs=10`.
 */
export async function recipeOf(name: string): Promise<Recipe> {
  leaveOnBrokenPipe()
  const [folder, ...overrides] = process.argv.slice(2)
  if (folder === undefined) {
    console.error(`usage: node ${process.argv[1]} FOLDER [key=value...]\nFOLDER holds train, val and test.`)
    process.exit(2)
  }
  await loadEngine()
  const file = fileURLToPath(new URL(`../../../configs/mini-imagenet/${name}.yaml`, import.meta.url))
  return readRecipe(file, ['data.root=.', `data.image_dir=${folder}`, ...overrides])
}

/** Prints each validation, and lets Ctrl-C save and stop; started again, the run goes on. */
export function runOptions(): RecipeRunOptions {
  const controller = new AbortController()
  process.once('SIGINT', () => controller.abort())
  return {
    existing: 'resume',
    signal: controller.signal,
    onValidation: (epoch, { accuracy, halfWidth95, task }) =>
      console.log(
        `epoch ${epoch}: ${(100 * accuracy).toFixed(2)} ± ${(100 * halfWidth95).toFixed(2)} % (${task.text})`,
      ),
  }
}
