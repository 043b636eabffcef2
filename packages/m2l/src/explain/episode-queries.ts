import type { ImageRecord } from '@m2l/datasets'
import { InputError } from '@m2l/engine'
import type { NamedPicture } from '@m2l/explain'
import type { Episode } from '@m2l/samplers'
import type { EpisodeImages } from '@m2l/trainer'
import type { EvaluatedModel } from '@m2l/model'
import type { ExplainedQueries } from './draw-explanations.js'

/** Which queries of which episode. */
export interface ChosenQueries {
  /** The episode's position in its manifest, from 0. */
  readonly position: number
  readonly episode: Episode
  /** The queries' positions in the episode, from 0, in the order of their classes as in the predictions. */
  readonly queries: readonly number[]
  /** What messages call the manifest. */
  readonly manifest: string
}

/**
 * The pictures of an episode as they are explained.
 *
 * @throws {InputError} when the episode has no such query or a picture cannot be read
 */
export async function episodeQueries(
  images: EpisodeImages,
  model: EvaluatedModel,
  { position, episode, queries, manifest }: ChosenQueries,
): Promise<ExplainedQueries> {
  const { dataset, split } = images
  const all = episode.query.flatMap((ofClass, label) => ofClass.map((image) => [label, image] as const))
  const chosen = queries.map((query) => {
    const place = all[query]
    if (place) return [query, ...place] as const
    throw new InputError(
      `${manifest}: episode ${position} has no query ${query}; expected 0 to ${all.length - 1}`,
    )
  })
  const named = async (records: readonly ImageRecord[]): Promise<NamedPicture[]> => {
    const pictures = await dataset.readMany(records)
    return records.map(({ id }, index) => ({ name: id, picture: pictures[index]! }))
  }
  const className = (label: number) => split.classes[episode.classes[label]!]!.name
  const record = (label: number, image: number) => images.record(episode.classes[label]!, image)
  const isSeen = model.viewsOfUnlabelled.length > 0
  const unlabelled = isSeen ? (episode.unlabelled ?? []).map((image) => images.record(...image)) : []
  const [ofClasses, ofUnlabelled, ofQueries] = await Promise.all([
    Promise.all(
      episode.support.map(async (ofClass, label) => ({
        name: className(label),
        pictures: await named(ofClass.map((image) => record(label, image))),
      })),
    ),
    named(unlabelled),
    named(chosen.map(([, label, image]) => record(label, image))),
  ])
  return {
    classes: ofClasses,
    unlabelled: ofUnlabelled,
    queries: chosen.map(([query, label], index) => ({
      name: ofQueries[index]!.name,
      fileName: `episode-${position}-query-${query}`,
      truth: className(label),
      read: async () => ofQueries[index]!.picture,
    })),
  }
}
