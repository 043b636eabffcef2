export { cacheDefinition, cacheLevel, type CacheOptions } from './cache-level.js'
export { centredDefinition, centredLevel, type CentredOptions } from './centred-level.js'
export type { GdaOptions } from './gda-head.js'
export {
  gdaDefinition,
  gdaLevel,
  logisticDefinition,
  logisticLevel,
  probeDefinition,
  probeLevel,
  ridgeDefinition,
  ridgeLevel,
} from './linear-levels.js'
export type { LogisticOptions } from './logistic-head.js'
export { matchingDefinition, matchingLevel, type MatchingOptions } from './matching-level.js'
export {
  nearestMeanDefinition,
  nearestMeanLevel,
  type MeanNormalisation,
  type NearestMeanOptions,
} from './nearest-mean-level.js'
export type { RidgeOptions, RidgeVariant } from './ridge-head.js'
