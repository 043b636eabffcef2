export type { RgbImage } from './rgb-image.js'
export type { Dataset, ImageClass, ImageRecord, ImageSplit } from './dataset.js'
