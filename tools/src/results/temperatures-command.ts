import { resolve } from 'node:path'
import Table from 'cli-table3'
import { InputError, loadEngine } from '@m2l/engine'
import { readRecipe } from '@m2l/m2l'
import { commonOptions, readWords, runCommand, wholeNumber } from '../command-line.js'
import { levelTemperatures, type LevelTemperature } from './level-temperatures.js'

const usage = `usage: npm run temperatures -- --cfg FILE [--episodes 60] [--force] [--json] [key=value…]

Tells at which temperature each level's scores of validation queries have the lowest cross entropy before any episode is trained, with
the backbone of model.weights: what to write as its temperature. Temperatures are tried a quarter of an octave apart. --force
takes weights that were made with other settings than the recipe's.
Exit codes: 0 done, 2 bad input.`

/**
 * Runs `npm run temperatures`.
 *
 * @param args the words after the program's name
 * @param start the folder from which files are found
 * @returns the exit code; messages have been printed
 */
export function runTemperaturesCommand(args: readonly string[], start: string): Promise<number> {
  return runCommand('temperatures', async () => {
    const { values, positionals } = parsed(args)
    if (values.help) {
      process.stdout.write(`${usage}\n`)
      return 0
    }
    if (values.cfg === undefined)
      throw new InputError('--cfg FILE is needed; see npm run temperatures -- --help')
    const episodes = wholeNumber('--episodes', values.episodes)
    const recipe = await readRecipe(resolve(start, values.cfg), positionals)
    await loadEngine({ device: 'cpu', precision: 'f32' })
    const notes: string[] = []
    const levels = await levelTemperatures(recipe, episodes, {
      force: values.force ?? false,
      onNote: (line) => {
        notes.push(line)
        process.stderr.write(`${line}\n`)
      },
    })
    const report = { recipe: recipe.name, dataset: recipe.data.dataset, episodes, notes, levels }
    process.stdout.write(`${values.json ? JSON.stringify(report) : describe(levels)}\n`)
    return 0
  })
}

function describe(levels: readonly LevelTemperature[]): string {
  const table = new Table({
    head: ['level', 'accuracy (%)', 'best temperature', 'cross entropy', 'of the recipe', 'cross entropy'],
    style: { head: [], border: [] },
  })
  for (const { level, accuracy, best, recipe } of levels)
    table.push([
      level,
      (100 * accuracy).toFixed(1),
      ...[best, recipe].flatMap(({ temperature, crossEntropy }) => [temperature, crossEntropy.toFixed(3)]),
    ])
  return table.toString()
}

function parsed(args: readonly string[]) {
  const options = {
    cfg: { type: 'string' },
    episodes: { type: 'string', default: '60' },
    force: { type: 'boolean' },
    ...commonOptions,
  } as const
  return readWords({ args: [...args], options, allowPositionals: true }, 'see npm run temperatures -- --help')
}
