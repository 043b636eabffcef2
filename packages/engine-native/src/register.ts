import { registerNativeRuntime } from '@m2l/engine/runtime'

// All else is loaded when the engine is.
registerNativeRuntime({
  start: async (options) => {
    const { startNativeEngine } = await import('./start-native-engine.js')
    return startNativeEngine(options)
  },
})
