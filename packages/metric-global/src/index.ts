export {
  globalDefinition,
  globalLevel,
  globalScores,
  type GlobalLevelOptions,
  type GlobalSimilarity,
} from './global-level.js'
export { prototypes } from './prototypes.js'
export { relationDefinition, relationLevel, type RelationLevelOptions } from './relation-level.js'
