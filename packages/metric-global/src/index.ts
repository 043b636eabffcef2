export { globalDefinition, globalLevel, globalScores, prototypes } from './global-level.js'
export {
  prototypeRefinement,
  refinementOptions,
  type PrototypeRefinement,
  type PrototypeRefinementOptions,
} from './prototype-refinement.js'
export { refinePrototypes, type RefinementOptions } from './refine-prototypes.js'
