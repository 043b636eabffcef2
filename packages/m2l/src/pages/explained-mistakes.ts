import type { Html } from '@m2l/report'
import type { Episode } from '@m2l/samplers'
import type { EpisodeImages, Evaluation } from '@m2l/trainer'
import type { EvaluatedModel } from '@m2l/model'
import { explainQueries } from '../explain/draw-explanations.js'
import { episodeQueries } from '../explain/episode-queries.js'
import type { Recipe } from '../recipe/read-recipe.js'
import { drawnFigure } from './drawn-figure.js'

/** What mistakes are looked for in. */
export interface EvaluatedEpisodes {
  readonly recipe: Recipe
  readonly model: EvaluatedModel
  readonly images: EpisodeImages
  readonly evaluation: Evaluation
  readonly episodes: readonly Episode[]
  /** What a class is called. */
  readonly called: (name: string) => string
}

/**
 * Why the surest mistake in each of some episodes was made, as drawings; none of an episode without mistakes.
 */
export async function explainedMistakes(
  { recipe, model, images, evaluation, episodes, called }: EvaluatedEpisodes,
  positions: readonly number[],
): Promise<Html[]> {
  const pieces: Html[] = []
  for (const position of positions) {
    const episode = episodes[position]!
    const query = surestMistake(evaluation, position, episode)
    if (query === undefined) continue
    const chosen = { position, episode, queries: [query], manifest: 'the evaluated episodes' }
    const queries = await episodeQueries(images, model, chosen)
    for await (const { explanation, drawing } of explainQueries(recipe, model, queries, { called })) {
      const words = `Episode ${position + 1}: ${explanation.query} was taken for ${called(explanation.predicted)}`
      pieces.push(drawnFigure(drawing, words))
    }
  }
  return pieces
}

function surestMistake(
  { predictions, confidences }: Evaluation,
  position: number,
  { query }: Episode,
): number | undefined {
  const predicted = predictions.fused[position]!
  const sureness = confidences.fused[position]!
  const truths = query.flatMap((ofClass, way) => ofClass.map(() => way))
  const wrong = truths.flatMap((way, index) => (predicted[index] === way ? [] : [index]))
  return wrong.sort((a, b) => sureness[b]! - sureness[a]!)[0]
}
