import { gridParts, imagenetNormalisation, squareResize, type ImageRecord } from '@m2l/datasets'
import { EpisodeImages } from '@m2l/trainer'
import type { Job } from '../work.js'
import { openClassFolders } from './class-folders.js'

const imagesPerBatch = 20

/**
 * Images per second that are read, decoded, cut into the 13 crops of Grid-3,2, resized to 84x84 and normalised: 1000 of
 * the folder, or all where there are fewer, each once. The next batch is decoded while one is cut, as in training.
 */
export async function measureImages({ data, quick }: Job): Promise<readonly number[]> {
  const { dataset, split } = await openClassFolders(data!)
  const images = new EpisodeImages(dataset, split, {
    whole: squareResize(84),
    parts: gridParts([3, 2], 84),
    normalisation: imagenetNormalisation,
  })
  const all = split.classes.flatMap((ofClass) => ofClass.images)
  const records = spread(all, Math.min(all.length, quick ? 20 : 1000))

  const start = performance.now()
  let decoding = dataset.readMany(records.slice(0, imagesPerBatch))
  for (let next = imagesPerBatch; next < records.length + imagesPerBatch; next += imagesPerBatch) {
    const pictures = await decoding
    decoding = dataset.readMany(records.slice(next, next + imagesPerBatch))
    images.render(pictures, ['parts']).parts!.dispose()
  }
  const seconds = (performance.now() - start) / 1000
  await dataset.close()
  return [records.length / seconds]
}

/** So many of the records, evenly spread over the classes. */
function spread(records: readonly ImageRecord[], count: number): ImageRecord[] {
  return Array.from({ length: count }, (_, index) => records[Math.floor((index * records.length) / count)]!)
}
