import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseRecipe } from '@m2l/m2l'
import glob from 'fast-glob'
import { workspaceRoot } from '../../workspace.js'
import { changed, madeUp } from '../forms.js'
import type { Reader } from '../reader.js'
import { yaml } from './yaml.js'

/** Recipes, ours and those of the published program. */
export const recipe: Reader = {
  name: 'recipe',
  share: 60,
  async open() {
    const files = (await glob('configs/**/*.yaml', { cwd: workspaceRoot })).toSorted()
    const recipes = await Promise.all(files.map((file) => readFile(join(workspaceRoot, file))))
    return {
      forms: [changed(recipes), madeUp(yaml)],
      read: (input) => parseRecipe(input.toString('utf8'), 'recipe.yaml'),
    }
  },
}
