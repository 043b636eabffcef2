/** What a package needs that brings a native engine; programs do not. */
export { registerNativeRuntime } from './native-runtime.js'
export type { MissingEngine, NativeOptions, NativeRuntime, StartedEngine } from './native-runtime.js'
export { GraphFault, type GraphSession } from './graph/graph-session.js'
export type { RecordedNode, Recording, Source } from './graph/recording.js'
export { speedUpConvolutionFilterGradient } from './kernels/convolution-filter-gradient.js'
export { useNativeMomentumUpdate } from './kernels/momentum-update.js'
export type { Attribute, NativeBackend, NativeTensor } from './native-backend.js'
export { seedAt } from './traced-key.js'
