export { assetAddress } from './asset-address.js'
export {
  fetchableNames,
  fetchableWeights,
  type FetchableWeights,
  type WeightsOrigin,
} from './fetchable-weights.js'
export { loadWeights } from './load-weights.js'
export { cardOf, shippedNames, shippedWeights } from './shipped-weights.js'
export type { MeasuredAccuracy, WeightsCard, WeightsData, WeightsTraining } from './weights-card.js'
export { purposeOf } from './weights-purpose.js'
