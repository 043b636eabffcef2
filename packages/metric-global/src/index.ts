export { globalDefinition, globalLevel, globalScores, type GlobalLevelOptions } from './global-level.js'
export {
  prototypeRefinement,
  refinementOptions,
  type PrototypeRefinement,
  type PrototypeRefinementOptions,
} from './prototype-refinement.js'
export { refinePrototypes, type RefinementOptions } from './refine-prototypes.js'
export type { GlobalSimilarity } from './similarities.js'
export { relationDefinition, relationLevel, type RelationLevelOptions } from './relation-level.js'
