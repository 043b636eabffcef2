import { randomKey, tf } from '@m2l/engine'
import {
  loadInitialWeights,
  openRecipeDataset,
  requireSplit,
  semiSupervision,
  type AgreementOptions,
  type Recipe,
} from '@m2l/m2l'
import { createModel, disposeEpisode, episodeTransforms, type FewShotModel } from '@m2l/model'
import { crossEntropy } from '@m2l/metric'
import { sampleEpisodes } from '@m2l/samplers'
import { accuracy, EpisodeImages } from '@m2l/trainer'

/** What a level's scores of validation queries are worth at the temperature of the recipe and at the best. */
export interface LevelTemperature {
  readonly level: string
  readonly accuracy: number
  readonly best: MeasuredTemperature
  readonly recipe: MeasuredTemperature
}

interface MeasuredTemperature {
  readonly temperature: number
  /** In nats. */
  readonly crossEntropy: number
}

const grid = Array.from({ length: 57 }, (_, index) => 2 ** (index / 4 - 7)) // .008 to 128

/**
 * The temperatures at which the cross entropy of each level of a recipe is lowest on validation episodes,
 * before any training on episodes, among temperatures a quarter of an octave apart.
 *
 * @param count of episodes
 * @throws {InputError} when the data or the initial weights cannot be used
 */
export async function levelTemperatures(
  recipe: Recipe,
  count: number,
  options: AgreementOptions = {},
): Promise<LevelTemperature[]> {
  const model = createModel(recipe)
  try {
    const dataset = await openRecipeDataset(recipe, ['val'])
    try {
      const split = requireSplit(recipe, dataset, 'val')
      await loadInitialWeights(recipe, model.backbone.state, { ...options, held: [split] })
      const images = new EpisodeImages(dataset, split, episodeTransforms(recipe))
      return await measure(model, images, recipe, count)
    } finally {
      await dataset.close()
    }
  } finally {
    model.dispose()
  }
}

async function measure(
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
    ...semiSupervision(recipe, 'test'),
    episodes: count,
    key,
  })
  const levels = model.metric.levels.map(({ level, temperature }) => ({
    name: level.name,
    tried: [temperature, ...grid],
    perEpisode: [] as Float32Array[], // accuracy, then the cross entropy at each temperature tried
  }))
  for (const episode of episodes) {
    const tensors = images.episodeTensors(await images.loadEpisode(episode, model))
    const { labels } = tensors
    const scores = model.scores(tensors, { training: false, key })
    for (const { name, tried, perEpisode } of levels) {
      const own = scores[name]!
      const figures = tf.tidy(() =>
        tf
          .stack([
            accuracy(own, labels),
            ...tried.map((temperature) => crossEntropy(tf.div(own, temperature), labels)),
          ])
          .dataSync<'float32'>(),
      )
      perEpisode.push(figures)
    }
    tf.dispose(scores)
    disposeEpisode(tensors)
  }
  return levels.map(({ name, tried, perEpisode }) => {
    const mean = (index: number) => perEpisode.reduce((sum, figures) => sum + figures[index]!, 0) / count
    const [ofRecipe, ...others] = tried.map((temperature, index) => ({
      temperature,
      crossEntropy: mean(index + 1),
    }))
    const best = others.reduce((a, b) => (b.crossEntropy < a.crossEntropy ? b : a))
    return {
      level: name,
      accuracy: mean(0),
      best: { ...best, temperature: Number(best.temperature.toPrecision(2)) },
      recipe: ofRecipe!,
    }
  })
}
