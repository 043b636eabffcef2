import { resolve } from 'node:path'
import Table from 'cli-table3'
import { InputError, loadEngine, randomKey } from '@m2l/engine'
import { openRecipeDataset, readRecipe, requireSplit, weightsFile } from '@m2l/m2l'
import { createModel, episodeTransforms, ownName } from '@m2l/model'
import { EpisodeImages, loadCheckpoint, type Interval } from '@m2l/trainer'
import { commonOptions, readWords, runCommand, wholeNumber } from '../command-line.js'
import { unequalCounts, type UnequalResult } from './unequal-counts.js'

const usage = `usage: npm run unequal -- --data PATH [--cfg FILE] [--weights NAME] [--draws 400] [--queries 10] [--seed 1] [--json] [key=value…]

Measures how accurate weights are on test classes that have different numbers of examples, as published and with scores that do not
depend on these numbers. The recipe is that of M2L on flowers, the weights are those shipped for its data set, if not given.
Exit codes: 0 done, 2 bad input.`

/**
 * Runs `npm run unequal`.
 *
 * @param args the words after the program's name
 * @param start the folder from which files are found
 * @returns the exit code; messages have been printed
 */
export function runUnequalCommand(args: readonly string[], start: string): Promise<number> {
  return runCommand('unequal', async () => {
    const { values, positionals } = parsed(args)
    if (values.help) {
      process.stdout.write(`${usage}\n`)
      return 0
    }
    if (values.data === undefined)
      throw new InputError('--data PATH is needed; see npm run unequal -- --help')
    const options = {
      draws: wholeNumber('--draws', values.draws, 2),
      queries: wholeNumber('--queries', values.queries),
      key: randomKey(wholeNumber('--seed', values.seed, 0)).fold('unequal counts'),
    }
    const data = `data.image_dir=${JSON.stringify(resolve(start, values.data))}`
    const recipe = await readRecipe(resolve(start, values.cfg), [data, ...positionals])
    const weights = values.weights ?? `${recipe.data.dataset}-conv64f`
    await loadEngine({ device: 'cpu', precision: 'f32' })
    const model = createModel(recipe)
    try {
      await loadCheckpoint(weightsFile(weights), { model: model.state }, { rename: ownName })
      const dataset = await openRecipeDataset(recipe, ['test'])
      try {
        const split = requireSplit(recipe, dataset, 'test')
        const results = await unequalCounts(
          model,
          new EpisodeImages(dataset, split, episodeTransforms(recipe)),
          options,
        )
        const { draws, queries } = options
        const report = { recipe: recipe.name, dataset: recipe.data.dataset, weights, draws, queries, results }
        process.stdout.write(`${values.json ? JSON.stringify(report) : describe(results)}\n`)
      } finally {
        await dataset.close()
      }
    } finally {
      model.dispose()
    }
    return 0
  })
}

function describe(results: readonly UnequalResult[]): string {
  const names = Object.keys(results[0]!.accuracy)
  const table = new Table({
    head: ['examples', 'scores', ...names.map((name) => `${name} (%)`), 'first class (%)'],
    style: { head: [], border: [] },
  })
  for (const { examples, counting, accuracy, recallOfFirst } of results) {
    const text = ({ mean, halfWidth95 }: Interval) =>
      `${(100 * mean).toFixed(1)} ± ${(100 * halfWidth95).toFixed(1)}`
    table.push([
      examples,
      counting,
      ...names.map((name) => text(accuracy[name]!)),
      text(recallOfFirst.fused!),
    ])
  }
  return table.toString()
}

function parsed(args: readonly string[]) {
  const options = {
    data: { type: 'string' },
    cfg: { type: 'string', default: 'configs/flowers/M2L_N5K1_Conv64F-4x.yaml' },
    weights: { type: 'string' },
    draws: { type: 'string', default: '400' },
    queries: { type: 'string', default: '10' },
    seed: { type: 'string', default: '1' },
    ...commonOptions,
  } as const
  return readWords({ args: [...args], options, allowPositionals: true }, 'see npm run unequal -- --help')
}
