// What a thread needs that handles pixels: nothing here imports the engine.
export type { RgbImage } from './rgb-image.js'
export type { Rectangle, Size, View } from './transforms/view.js'
export { viewSize, wholeWindow } from './transforms/view.js'
export type { RenderedViews, RenderOptions } from './transforms/render-pixels.js'
export { checkedLayout, renderPixels } from './transforms/render-pixels.js'
export { rotateImage } from './decoding/rotate-image.js'
export { upright } from './decoding/upright.js'
