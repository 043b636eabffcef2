import { createHash } from 'node:crypto'
import { randomKey, tf, type RandomKey } from '@m2l/engine'
import type { Dataset, ImageSplit } from '@m2l/datasets'
import { squareResize, type RgbImage } from '@m2l/pictures'
import { LevelFusion, type MetricLevel } from '@m2l/metric'
import { BatchNorm, Convolution, disposeState, mergeStates, prefixed, type Backbone } from '@m2l/nn'
import { EpisodeImages } from './index.js'
import { FewShotModel } from '@m2l/model'

/**
 * A data set in memory whose classes are colours, one picture a shade, with some noise; enough to be learned
 * in seconds.
 */
export function colourDataset(classes: number, imagesPerClass: number): Dataset {
  const split = (name: string, offset: number): ImageSplit => ({
    name,
    classes: Array.from({ length: classes }, (_, index) => ({
      name: `${name}${index}`,
      images: Array.from({ length: imagesPerClass }, (_image, image) => ({
        id: `${offset + index}/${image}`,
      })),
    })),
    hash: createHash('sha256').update(`${name}-${classes}-${imagesPerClass}`).digest('hex'),
  })
  const read = async ({ id }: { id: string }) => colourPicture(id)
  return {
    name: 'colours',
    leftOut: [],
    notes: [],
    splits: { train: split('train', 0), val: split('val', classes), test: split('test', 2 * classes) },
    read,
    readMany: (records) => Promise.all(records.map(read)),
    close: async () => {},
  }
}

function colourPicture(id: string): RgbImage {
  const [classIndex, image] = id.split('/').map(Number) as [number, number]
  const colour = randomKey(classIndex).fold('colour').generator()
  const base = [colour.integer(200), colour.integer(200), colour.integer(200)]
  const noise = randomKey(classIndex).fold('noise', image).generator()
  const data = Uint8Array.from({ length: 8 * 8 * 3 }, (_, index) => base[index % 3]! + noise.integer(56))
  return { width: 8, height: 8, data }
}

/** The episodes of a split of the colours; a part is the picture once more. */
export function colourImages(dataset: Dataset, split: 'train' | 'val' | 'test'): EpisodeImages {
  const whole = squareResize(8)
  return new EpisodeImages(dataset, dataset.splits[split]!, {
    whole,
    parts: (size, key) => [...whole(size, key?.fold(0)), ...whole(size, key?.fold(1))],
    normalisation: { mean: [0.5, 0.5, 0.5], std: [0.3, 0.3, 0.3] },
  })
}

/** One convolution with batch norm. */
export function tinyBackbone(key: RandomKey): Backbone {
  const channels = 6
  const convolution = new Convolution({
    key,
    inputChannels: 3,
    outputChannels: channels,
    kernelSize: 3,
    padding: 'same',
  })
  const norm = new BatchNorm(channels)
  const state = mergeStates(prefixed('0', convolution.state), prefixed('1', norm.state))
  return {
    name: 'tiny',
    channels,
    state,
    embed: (images, context) =>
      tf.tidy(() => tf.leakyRelu(norm.forward(convolution.forward(images), context), 0.2) as tf.Tensor4D),
    outputSize: (height, width) => [height, width],
    dispose: () => disposeState(state),
  }
}

/** Negative squared distance of pooled features, of maps or of parts: two levels for one fusion. */
export function pooledLevel(field: 'map' | 'parts'): MetricLevel {
  return {
    name: `pooled ${field}`,
    needs: [field],
    state: {},
    scores: (support, query) =>
      tf.tidy(() => {
        const pool = (x: tf.Tensor) => tf.mean(x, field === 'map' ? [1, 2] : [1])
        const prototypes = tf.stack(
          tf.split(pool(support[field]!), [...support.shots]).map((ofClass) => tf.mean(ofClass, 0)),
        )
        const difference = tf.sub(tf.expandDims(pool(query[field]!), 1), tf.expandDims(prototypes, 0))
        return tf.neg(tf.sum(tf.square(difference), 2)) as tf.Tensor2D
      }),
  }
}

export function tinyModel(seed: number): FewShotModel {
  const levels = (['map', 'parts'] as const).map((field) => ({
    level: pooledLevel(field),
    weight: 1,
    temperature: 4,
  }))
  return new FewShotModel(tinyBackbone(randomKey(seed)), new LevelFusion(levels, 'consistent'))
}
