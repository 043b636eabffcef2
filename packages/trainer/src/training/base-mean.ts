import { InputError, tf } from '@m2l/engine'
import { LevelFusion } from '@m2l/metric'
import { kept, mergeStates, prefixed, type Backbone, type StateDict } from '@m2l/nn'
import { baseNames, FewShotModel, graphNetwork, prefetch, type OnEager } from '@m2l/model'
import { loadBackbone, saveCheckpoint, type CheckpointDescription } from '../run/checkpoint.js'
import type { EpisodeImages } from '../images/episode-images.js'
import { nearestPrototype } from './nearest-prototype.js'
import { ProgressMeter, type OnProgress } from '../run/progress.js'

/** How the mean is computed. */
export interface BaseMeanOptions {
  readonly backbone: Backbone
  /** Of the training classes, with the transforms of evaluation. */
  readonly images: EpisodeImages
  readonly description: CheckpointDescription
  readonly onProgress?: OnProgress
  readonly onEager?: OnEager
  readonly signal?: AbortSignal
}

/** So many images are embedded at once. */
const imagesAtOnce = 64

/**
 * Adds to a checkpoint of pretraining the mean of the pooled features of all training images, each seen as in
 * evaluation (Wang et al., "SimpleShot", 2019, section 3.2: the mean is that of the base classes).
 *
 * @param file whose backbone is taken; it is written anew, at once, without what only pretraining needs
 * @throws {InputError} when the file cannot be read or written, or a feature is not finite
 */
export async function addBaseMean(file: string, options: BaseMeanOptions): Promise<void> {
  const { backbone, description } = options
  await loadBackbone(file, backbone.state)
  const { mean, images } = await meanFeature(options)
  const base: StateDict = {
    [baseNames.base_mean]: kept('plain', () => tf.tensor1d(mean)),
    [baseNames.base_images]: kept('plain', () => tf.tensor1d([images])),
  }
  try {
    const model = mergeStates(prefixed('encoder', backbone.state), base)
    await saveCheckpoint(file, { model, description })
  } finally {
    for (const { value } of Object.values(base)) value.dispose()
  }
}

async function meanFeature({
  backbone,
  images,
  onProgress,
  onEager,
  signal,
}: BaseMeanOptions): Promise<{ mean: Float32Array; images: number }> {
  const records = images.split.classes.flatMap((ofClass) => ofClass.images)
  const batches = Array.from({ length: Math.ceil(records.length / imagesAtOnce) }, (_, index) =>
    records.slice(index * imagesAtOnce, (index + 1) * imagesAtOnce),
  )
  const meter = new ProgressMeter(onProgress, { phase: 'embed', total: records.length, unit: 'images' })
  const metric = new LevelFusion([{ level: nearestPrototype(), weight: 1, temperature: 1 }])
  const network = graphNetwork(new FewShotModel(backbone, metric), onEager)
  const sums = new Float64Array(backbone.channels)
  let done = 0
  try {
    for await (const [batch, rendered] of prefetch(batches, (some) => images.load(some, ['whole']))) {
      signal?.throwIfAborted()
      const { shape, data } = (await network.embed(rendered)).map!
      const positions = shape[1]! * shape[2]!
      for (const [index, value] of data.entries()) sums[index % sums.length]! += value / positions
      done += batch.length
      meter.update(done)
    }
  } finally {
    network.dispose()
  }
  const mean = Float32Array.from(sums, (sum) => sum / records.length)
  if (!mean.every(Number.isFinite)) {
    throw new InputError('the mean feature of the training classes is not finite; the weights are damaged')
  }
  return { mean, images: records.length }
}
