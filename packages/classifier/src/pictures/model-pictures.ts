import { fingerprintOf } from '../fingerprint.js'
import { inputTransform, viewSize, type Transform } from '@m2l/pictures'
import { InputError } from '@m2l/engine'
import type { PictureInput } from '@m2l/nn'
import type { EvaluatedModel, FewShotModel, ImageTransforms } from '@m2l/model'
import { readAtTimes, type ReadForModelOptions } from '../embedding/image-embedder.js'

/**
 * How pictures become the input of a model: plain data, a transform, which leaves levels as they are, from 0
 * to 255, or several where levels look at parts, with a normalisation.
 */
export type ModelPictures = PictureInput | Transform | PictureTransforms

type PictureTransforms = Pick<ImageTransforms, 'whole' | 'parts' | 'normalisation'>

/**
 * What pictures are read for by a model that a program has made.
 *
 * @throws {InputError} when the pictures cannot be made so, or a level looks at parts and nothing makes any
 */
export function readingOf({ views, metric }: EvaluatedModel, pictures: ModelPictures): ReadForModelOptions {
  const transforms = transformsOf(pictures)
  if (views.includes('parts') && !transforms.parts) {
    const levels = metric.levels.map(({ level }) => level.name).join(', ')
    throw new InputError(
      `the model's levels (${levels}) look at parts of pictures; give transforms that make them, { whole, parts, normalisation }, or levels that do without`,
    )
  }
  const sides = [transforms.whole, transforms.parts].flatMap((one) => (one ? [sideOf(one)] : []))
  return { views, transforms, reduceTo: readAtTimes * Math.max(...sides) }
}

/** Names a model, and how it reads pictures, by all that decides its embeddings. */
export function readingFingerprint(model: EvaluatedModel, { transforms }: ReadForModelOptions): string {
  const seen = [transforms.whole, transforms.parts].map((one) => one && pictureSizes.map((size) => one(size)))
  const pictures = JSON.stringify([seen, transforms.normalisation])
  if ('network' in model) return fingerprintOf(pictures, model.fingerprint)
  const state = stateOf(model).flatMap(([name, { value }]) => [`${name} [${value.shape}]`, value.dataSync()])
  return fingerprintOf(pictures, JSON.stringify([model.backbone.name, model.encoding]), ...state)
}

function stateOf({ state }: FewShotModel) {
  return Object.entries(state).toSorted(([a], [b]) => (a < b ? -1 : 1))
}

function transformsOf(pictures: ModelPictures): PictureTransforms {
  if (typeof pictures === 'function') return { whole: pictures }
  if ('whole' in pictures) return pictures
  const { transform, normalisation } = inputTransform(pictures)
  return { whole: transform, normalisation }
}

/** A transform is known by what it sees of pictures of these sizes. */
const pictureSizes = [
  { height: 600, width: 600 },
  { height: 421, width: 733 },
  { height: 733, width: 421 },
]

/** The longest side of the views that a transform gives, in pixels. */
function sideOf(transform: Transform): number {
  const sizes = transform(pictureSizes[0]!).map(viewSize)
  return Math.max(...sizes.flatMap(({ height, width }) => [height, width]))
}
