export type { Layout, Parameter, StateDict } from './parameter.js'
export { disposeState, mergeStates, prefixed, trainableVariables } from './parameter.js'
export type { Backbone, ForwardContext } from './module.js'
