export { barChart, type Bar, type BarChart } from './bar-chart.js'
export { calibrationCurve, type CalibrationPoint, type CalibrationSeries } from './calibration-curve.js'
export { confusionMatrix, mostConfused, type ConfusedPair, type Confusion } from './confusion-matrix.js'
export { figures, type Figure } from './figures.js'
export { Html, html, type Content } from './html.js'
export { lineChart, type LineChart, type LinePoint, type LineSeries } from './line-chart.js'
export { page, type Page, type Section } from './page.js'
export type { Picture } from './picture.js'
export {
  pictureGrid,
  pictureRows,
  type PictureGridOptions,
  type PictureRow,
  type ShownPicture,
} from './picture-grid.js'
export type { Scale } from './scale.js'
export { details, table, type Table, type TableColumn } from './table.js'
export { thumbnail, type Pixels } from './thumbnail.js'
