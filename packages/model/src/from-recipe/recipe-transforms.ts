import {
  gridParts,
  randomResizedCrop,
  resizeThenCrop,
  shorterSideThenCrop,
  squareResize,
  type Transform,
} from '@m2l/pictures'
import type { ImageTransforms } from '../images/image-tensors.js'
import type { CheckedRecipe } from '../recipe/check-recipe.js'
import type { ChosenInput } from '../recipe/resolve-recipe.js'

/**
 * The transforms of episodes: the whole image, framed as its encoder wants it, and its parts where the
 * recipe's forward encoding has some that are crops of the image.
 */
export function episodeTransforms({
  model,
  train,
  resolved: { grids, input },
}: CheckedRecipe): ImageTransforms {
  return {
    whole: framed(input),
    parts: grids && model.parts === 'image' ? gridParts(grids, input.size) : undefined,
    normalisation: input.normalisation,
    jitter: train.colorjitter,
  }
}

/** The transform of pretraining: random crops. */
export function pretrainingTransforms({ pre, resolved: { input } }: CheckedRecipe): ImageTransforms {
  return {
    whole: randomResizedCrop(input.size, pre.smallest_crop),
    normalisation: input.normalisation,
    jitter: pre.colorjitter,
  }
}

function framed({ size, frame, filter }: ChosenInput): Transform {
  if (frame === 'square') return squareResize(size, filter)
  return 'square' in frame
    ? resizeThenCrop(Math.round(size * frame.square), size, filter)
    : shorterSideThenCrop(Math.round(size * frame.shorterSide), size, filter)
}
