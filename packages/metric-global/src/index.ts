export { globalDefinition, globalLevel, globalScores, prototypes } from './global-level.js'
