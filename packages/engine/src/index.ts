import './kernels/leaky-relu-gradient.js'

export { tf } from './tensorflow.js'
export { InputError } from './input-error.js'
export { decodeText } from './decode-text.js'
export { loadEngine, type LoadOptions } from './load.js'
export { engineStatus, type EngineStatus } from './status.js'
export { installEngine, type InstallOptions, type InstalledEngine } from './install/install-engine.js'
export type { LibrarySource } from './install/engine-cache.js'
export { EngineError } from './engine-error.js'
export { cacheFolder } from './cache-folder.js'
export { count } from './count.js'
export { runEngineCommand } from './command.js'
export { RandomKey, RandomGenerator, randomKey } from './random-key.js'
export { addBias } from './kernels/add-bias.js'
export { batchNormTraining, type BatchNormTrainingResult } from './kernels/batch-norm-training.js'
export { choose } from './kernels/choose.js'
export { momentumUpdate, type MomentumResult, type MomentumStep } from './kernels/momentum-update.js'
export { randomUniform } from './kernels/random-uniform.js'
export { enginePrecision, type Precision } from './precision.js'
export { kindOfFile, openRegularFile, readRegularFile } from './regular-file.js'
export { makeTemporaryFolder } from './temporary-folder.js'
export { syncFolder, writeFileAtomically } from './write-file-atomically.js'
export {
  graphFunction,
  type GraphFunction,
  type GraphFunctionOptions,
  type NamedTensors,
} from './graph/graph-function.js'
export { span, type SpanDetails, type SpanOptions } from './profile/span.js'
export { startProfile, type Profile, type ProfileOptions, type ProfileResult } from './profile/profile.js'
export { nameVariables } from './profile/operation-layers.js'
export type { Trace, TraceEvent } from './profile/trace.js'
export type { GraphSummary, OperationSummary, PhaseSummary, ProfileSummary } from './profile/summary.js'
