import type { Dataset } from '@m2l/datasets'
import { randomKey } from '@m2l/engine'
import { sampleManifest, type EpisodeManifest } from '@m2l/samplers'
import { requireSplit } from './recipe-data.js'
import type { Recipe } from '../recipe/read-recipe.js'
import { semiSupervision } from './semi-supervision.js'

/**
 * Test episodes drawn from the recipe's seed: `test.episode` for each of `test.total_testtimes` rounds.
 *
 * @throws {InputError} when the data set has no test split, or one that is too small
 */
export function testManifest(recipe: Recipe, dataset: Dataset): EpisodeManifest {
  const { query_per_class_per_episode: queries, episode, total_testtimes: times } = recipe.test
  return sampleManifest(dataset.name, requireSplit(recipe, dataset, 'test'), {
    ways: recipe.n_way,
    shots: recipe.k_shot,
    queries,
    ...semiSupervision(recipe, 'test'),
    episodes: episode * times,
    key: randomKey(recipe.seed).fold('test'),
  })
}
