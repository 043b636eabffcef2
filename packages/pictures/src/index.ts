export type { RgbImage } from './rgb-image.js'
export type { Rectangle, Size, View } from './transforms/view.js'
export { viewSize, wholeWindow } from './transforms/view.js'
export type { RenderedViews, RenderOptions } from './transforms/render-pixels.js'
export { renderViews, viewsTensor } from './transforms/render-views.js'
export type { Normalisation } from './transforms/level-map.js'
export {
  cifarNormalisation,
  imagenetNormalisation,
  levelNormalisation,
  normalise,
  normalisations,
} from './transforms/normalise.js'
export type { Transform } from './transforms/transform.js'
export { squareResize } from './transforms/square-resize.js'
export { inputTransform, type InputTransform } from './transforms/input-transform.js'
export { shorterSideThenCrop } from './transforms/shorter-side-then-crop.js'
export { resizeThenCrop } from './transforms/resize-then-crop.js'
export { randomResizedCrop } from './transforms/random-resized-crop.js'
export type { Span } from './transforms/grid-parts.js'
export { gridParts, gridShares, gridSpans, parseGrid } from './transforms/grid-parts.js'
export { colourJitter, type JitterStrengths } from './transforms/colour-jitter.js'
export { decodePicture, pictureOrError } from './decoding/decode-picture.js'
export type { DecodeOptions } from './decoding/decode-options.js'
export { toRgbImage } from './to-rgb-image.js'
export type { BitmapLike, FileLike, FrameLike, GivenPicture, PixelData } from './try-rgb-image.js'
