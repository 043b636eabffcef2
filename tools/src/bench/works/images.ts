import type { ImageRecord } from '@m2l/datasets'
import { gridParts, imagenetNormalisation, squareResize } from '@m2l/pictures'
import { EpisodeImages } from '@m2l/trainer'
import { disposeImages, prefetch } from '@m2l/model'
import type { Job } from '../work.js'
import { openClassFolders } from './class-folders.js'

const imagesPerBatch = 20

/**
 * Images per second that are read, decoded, cut into the 13 crops of Grid-3,2, resized to 84x84 and
 * normalised: 1000 of the folder, or all where there are fewer, each once. Batches are loaded ahead of their
 * use, as in training.
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
  const load = (some: readonly ImageRecord[]) => images.load(some, ['parts'])
  for await (const [, rendered] of prefetch(batches(records), load)) {
    disposeImages(images.tensors(rendered), rendered)
  }
  const seconds = (performance.now() - start) / 1000
  await dataset.close()
  return [records.length / seconds]
}

function* batches(records: readonly ImageRecord[]): Generator<readonly ImageRecord[]> {
  for (let start = 0; start < records.length; start += imagesPerBatch) {
    yield records.slice(start, start + imagesPerBatch)
  }
}

/** So many of the records, evenly spread over the classes. */
function spread(records: readonly ImageRecord[], count: number): ImageRecord[] {
  return Array.from({ length: count }, (_, index) => records[Math.floor((index * records.length) / count)]!)
}
