import { randomKey } from '@m2l/engine'
import { parseRecipe } from '@m2l/m2l'
import { createModel, episodeTransforms } from '@m2l/model'
import { sampleEpisodes } from '@m2l/samplers'
import { EpisodeImages, evaluate } from '@m2l/trainer'
import type { Job } from '../work.js'
import { openClassFolders } from './class-folders.js'

const recipeText = `
model: { encoder: FourLayer_64F_4x }
data: { image_size: 32, normalisation: cifar }
`

/**
 * Episodes per second of an M2L evaluation: Conv-64F-4x at 32x32, 10,000 episodes, 5-way 1-shot with 15
 * queries a class, from the first 20 classes. From drawing the episodes to their intervals, with everything
 * between: decoding, the feature bank, scoring.
 */
export async function measureEvaluation({ data, quick }: Job): Promise<readonly number[]> {
  const recipe = parseRecipe(recipeText, 'bench.yaml')
  const model = createModel(recipe)
  const { dataset, split } = await openClassFolders(data!, 20)
  const images = new EpisodeImages(dataset, split, episodeTransforms(recipe))

  const start = performance.now()
  const episodes = sampleEpisodes(split, {
    ways: 5,
    shots: 1,
    queries: quick ? 1 : 15,
    episodes: quick ? 10 : 10_000,
    key: randomKey(1),
  })
  await evaluate({ model, images, episodes })
  const seconds = (performance.now() - start) / 1000
  await dataset.close()
  return [episodes.length / seconds]
}
