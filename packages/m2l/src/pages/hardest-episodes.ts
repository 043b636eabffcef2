import type { Dataset, ImageRecord } from '@m2l/datasets'
import { html, pictureRows, thumbnail, type Html, type PictureRow, type ShownPicture } from '@m2l/report'
import type { Episode } from '@m2l/samplers'
import type { EpisodeImages, Evaluation } from '@m2l/trainer'
import { percent } from './numbers.js'

/** How many episodes are shown, and the most support images and queries of each of their classes. */
const shown = { episodes: 3, support: 5, queries: 15 }

/** Pixels: thumbnails are sharp on screens of twice the pixels. */
const size = { thumbnail: 128, shown: 68 }

/**
 * The episodes of the lowest fused accuracy as pictures: support, queries, and what was predicted of them.
 */
export async function hardestEpisodes(
  evaluation: Evaluation,
  episodes: readonly Episode[],
  images: EpisodeImages,
  called: (name: string) => string,
): Promise<Html[]> {
  const pieces: Html[] = []
  for (const position of hardest(evaluation).slice(0, shown.episodes)) {
    const rows = await episodeRows(evaluation, position, episodes[position]!, images, called)
    const accuracies = [
      ['fused', evaluation.perEpisode.fused[position]!] as const,
      ...Object.entries(evaluation.perEpisode.levels).map(([name, of]) => [name, of[position]!] as const),
    ]
    const told = accuracies.map(([name, accuracy]) => `${name} ${percent(accuracy)} %`).join(', ')
    pieces.push(
      html`<h3>Episode ${position + 1}</h3>
        <p class="note">Accuracy: ${told}.</p>
        ${pictureRows(['class', 'support', 'queries'], rows, { size: size.shown })}`,
    )
  }
  return pieces
}

/** Positions of episodes from the hardest on: by fused accuracy, then by that of the levels, then by loss. */
export function hardest({ perEpisode: { fused, levels }, losses }: Evaluation): number[] {
  const ofLevels = (position: number) => Object.values(levels).reduce((sum, of) => sum + of[position]!, 0)
  return Array.from(fused, (_, position) => position).sort(
    (a, b) => fused[a]! - fused[b]! || ofLevels(a) - ofLevels(b) || losses[b]! - losses[a]!,
  )
}

async function episodeRows(
  evaluation: Evaluation,
  position: number,
  { classes, support, query }: Episode,
  images: EpisodeImages,
  called: (name: string) => string,
): Promise<PictureRow[]> {
  const names = classes.map((index) => called(images.split.classes[index]!.name))
  const predicted = evaluation.predictions.fused[position]!
  const confidences = evaluation.confidences.fused[position]!
  let first = 0
  return Promise.all(
    classes.map(async (classIndex, way) => {
      const name = names[way]!
      const start = first
      first += query[way]!.length
      const records = (of: readonly number[], most: number) =>
        of.slice(0, most).map((image) => images.record(classIndex, image))
      const given = await pictures(images.dataset, records(support[way]!, shown.support), name)
      const asked = await pictures(images.dataset, records(query[way]!, shown.queries), name)
      const judged = asked.map((picture, index): ShownPicture => {
        const chosen = predicted[start + index]!
        const confidence = `${percent(confidences[start + index]!, 0)}\u{A0}%`
        return chosen === way
          ? { ...picture, mark: 'right', caption: confidence }
          : { ...picture, mark: 'wrong', caption: `${names[chosen]} ${confidence}` }
      })
      return { name, groups: [given, judged] }
    }),
  )
}

async function pictures(
  dataset: Dataset,
  records: readonly ImageRecord[],
  name: string,
): Promise<ShownPicture[]> {
  const decoded = await dataset.readMany(records)
  return Promise.all(
    decoded.map(async (picture, index) => ({
      picture: await thumbnail(picture, size.thumbnail),
      name: `${name}, ${records[index]!.id}`,
    })),
  )
}
