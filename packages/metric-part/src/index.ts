export { PartGraph, type PartAdjacency } from './part-graph.js'
export { partDefinition, partLevel, type PartLevelOptions } from './part-level.js'
