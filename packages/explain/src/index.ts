export { drawExplanation, type DrawingOptions, type ExplainedPictures } from './draw-explanation.js'
export { drawingAsJpeg } from './drawing-as-jpeg.js'
export type {
  ClassProbability,
  ExplainedLevel,
  ExplainedScore,
  PicturePlaces,
  Place,
  PlaceMatch,
  PlaceSum,
  QueryExplanation,
  ScoreOrigin,
} from './explanation.js'
export { pictureRegion } from './picture-region.js'
export { QueryExplainer, type ExplainOptions } from './query-explainer.js'
export type { ExplainerOptions, NamedPicture, SeenView, SupportClass } from './sight.js'
