import { resolve } from 'node:path'
import Table from 'cli-table3'
import { InputError, loadEngine, randomKey, tf } from '@m2l/engine'
import {
  createModel,
  episodeTransforms,
  initialWeights,
  openRecipeDataset,
  readRecipe,
  requireSplit,
  type Recipe,
} from '@m2l/m2l'
import { crossEntropy } from '@m2l/metric'
import { sampleEpisodes } from '@m2l/samplers'
import { disposeEpisode, EpisodeImages, loadBackbone, type FewShotModel } from '@m2l/trainer'
import { commonOptions, readWords, runCommand, wholeNumber } from '../command-line.js'

const usage = `usage: npm run temperatures -- --cfg FILE [--episodes 60] [--json] [key=value…]

Tells at which temperature each level's scores of validation queries have the lowest cross entropy before any episode is trained, with
the backbone of model.weights: what to write as its temperature. Temperatures are tried a quarter of an octave apart.
Exit codes: 0 done, 2 bad input.`

/** What a level's scores are worth at the best temperature. */
interface LevelTemperature {
  readonly level: string
  readonly temperature: number
  /** In nats. */
  readonly crossEntropy: number
  /** At the temperature of the recipe. */
  readonly crossEntropyNow: number
  readonly temperatureNow: number
  readonly accuracy: number
}

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
    const levels = await bestTemperatures(recipe, episodes)
    const report = { recipe: recipe.name, dataset: recipe.data.dataset, episodes, levels }
    process.stdout.write(`${values.json ? JSON.stringify(report) : describe(levels)}\n`)
    return 0
  })
}

async function bestTemperatures(recipe: Recipe, count: number): Promise<LevelTemperature[]> {
  const model = await createModel(recipe)
  try {
    const weights = initialWeights(recipe)
    if (weights !== undefined) await loadBackbone(weights, model.backbone.state)
    const dataset = await openRecipeDataset(recipe, ['val'])
    try {
      const images = new EpisodeImages(
        dataset,
        requireSplit(recipe, dataset, 'val'),
        episodeTransforms(recipe),
      )
      return await measured(model, images, recipe, count)
    } finally {
      await dataset.close()
    }
  } finally {
    model.dispose()
  }
}

const grid = Array.from({ length: 57 }, (_, index) => 2 ** (index / 4 - 7)) // .008 to 128

async function measured(
  model: FewShotModel,
  images: EpisodeImages,
  recipe: Recipe,
  count: number,
): Promise<LevelTemperature[]> {
  const key = randomKey(recipe.seed).fold('temperatures')
  const episodes = sampleEpisodes(images.split, {
    ways: recipe.n_way,
    shots: recipe.k_shot,
    queries: recipe.test.query_per_class_per_episode,
    episodes: count,
    key,
  })
  const { levels } = model.metric
  const sums = levels.map(() => ({ crossEntropies: [...grid, 0].fill(0), accuracy: 0 }))
  for (const episode of episodes) {
    const tensors = images.episodeTensors(await images.loadEpisode(episode, model))
    const scores = model.scores(tensors, { training: false, key })
    for (const [index, { level, temperature }] of levels.entries()) {
      const sum = sums[index]!
      const own = scores[level.name]!
      const read = (value: () => tf.Tensor) => tf.tidy(() => value().dataSync()[0]!)
      for (const [place, tried] of [...grid, temperature].entries())
        sum.crossEntropies[place]! += read(() => crossEntropy(tf.div(own, tried), tensors.labels)) / count
      sum.accuracy += read(() => tf.mean(tf.equal(tf.argMax(own, 1), tensors.labels))) / count
    }
    tf.dispose(scores)
    disposeEpisode(tensors)
  }
  return levels.map(({ level, temperature }, index) => {
    const { crossEntropies, accuracy } = sums[index]!
    const tried = crossEntropies.slice(0, grid.length)
    const best = tried.indexOf(Math.min(...tried))
    return {
      level: level.name,
      temperature: Number(grid[best]!.toPrecision(2)),
      crossEntropy: tried[best]!,
      crossEntropyNow: crossEntropies.at(-1)!,
      temperatureNow: temperature,
      accuracy,
    }
  })
}

function describe(levels: readonly LevelTemperature[]): string {
  const table = new Table({
    head: ['level', 'accuracy (%)', 'best temperature', 'cross entropy', 'of the recipe', 'cross entropy'],
    style: { head: [], border: [] },
  })
  for (const one of levels)
    table.push([
      one.level,
      (100 * one.accuracy).toFixed(1),
      one.temperature,
      one.crossEntropy.toFixed(3),
      one.temperatureNow,
      one.crossEntropyNow.toFixed(3),
    ])
  return table.toString()
}

function parsed(args: readonly string[]) {
  const options = {
    cfg: { type: 'string' },
    episodes: { type: 'string', default: '60' },
    ...commonOptions,
  } as const
  return readWords({ args: [...args], options, allowPositionals: true }, 'see npm run temperatures -- --help')
}
