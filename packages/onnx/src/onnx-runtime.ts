import { InputError } from '@m2l/engine'
import type * as OnnxRuntime from 'onnxruntime-node'

let loaded: Promise<typeof OnnxRuntime> | undefined

/**
 * ONNX Runtime, where it is installed.
 *
 * @throws {InputError} when it is not, or does not run on this machine
 */
export function onnxRuntime(): Promise<typeof OnnxRuntime> {
  loaded ??= load()
  return loaded
}

async function load(): Promise<typeof OnnxRuntime> {
  try {
    const runtime = await import('onnxruntime-node')
    runtime.env.logLevel = 'fatal' // what goes wrong is thrown, too
    return runtime
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND') {
      throw new InputError(
        'ONNX networks need ONNX Runtime, which is not installed; install it: npm install --ignore-scripts onnxruntime-node',
      )
    }
    throw new InputError(`ONNX Runtime cannot be loaded: ${message}`)
  }
}
