import { availableParallelism } from 'node:os'
import { InputError } from '@m2l/engine/messages'
import type { MissingEngine, NativeOptions, StartedEngine } from '@m2l/engine/runtime'
import { TensorFlowSession } from './graph/tensorflow-session.js'
import { findNativeEngine, loadNativeEngine, type NativeEngine } from './native-engine.js'
import { drawbackOfBfloat16 } from './processor.js'

/**
 * Starts the native engine of the per-user cache, or one that lies in node_modules.
 *
 * @throws {InputError} a GPU is asked for, and TensorFlow finds none
 */
export async function startNativeEngine(options: NativeOptions): Promise<StartedEngine | MissingEngine> {
  const { device } = options
  const remedy = `type: npx m2l-engine install${device !== undefined && device !== 'cpu' ? ' --gpu' : ''}`
  const { native, why } = await findNativeEngine(device)
  if (!native) return { why, remedy }
  try {
    return await start(native, options)
  } catch (error) {
    if (error instanceof InputError) throw error
    return { why: `it does not load: ${String(error).split('\n')[0]}`, remedy }
  }
}

async function start(native: NativeEngine, { device, threads }: NativeOptions): Promise<StartedEngine> {
  if (threads !== undefined) {
    process.env.TF_NUM_INTRAOP_THREADS = String(threads)
    process.env.OMP_NUM_THREADS = String(threads)
  }
  preferFastKernels()
  if (device === 'cpu') process.env.CUDA_VISIBLE_DEVICES = '-1'
  if (typeof device === 'number') process.env.CUDA_VISIBLE_DEVICES = String(device)

  const { tensorflowVersion, usesGpu } = await loadNativeEngine(native)
  if (!usesGpu && device !== undefined && device !== 'cpu') {
    throw new InputError(
      `device ${device} was asked for, but TensorFlow finds no such GPU; see what nvidia-smi lists, or use device cpu`,
      { code: 'engine' },
    )
  }
  return {
    status: {
      backend: 'tensorflow',
      tensorflowVersion,
      device: usesGpu ? 'gpu' : 'cpu',
      threads: Number(process.env.TF_NUM_INTRAOP_THREADS) || availableParallelism(),
      libraryPath: native.libraryPath,
      source: native.source,
      why: native.why,
    },
    openSession: (recording) => new TensorFlowSession(recording),
    drawbackOfBfloat16: usesGpu ? undefined : drawbackOfBfloat16(),
  }
}

/**
 * TensorFlow uses oneDNN's kernels by itself only on processors with AVX-512 or AMX, though they are faster
 * on those with AVX2 as well; and it asks the system for the memory of each large tensor anew unless told to
 * keep a pool.
 */
function preferFastKernels(): void {
  process.env.TF_ENABLE_ONEDNN_OPTS ??= '1'
  process.env.TF_CPU_ALLOCATOR_USE_BFC ??= 'true'
}
