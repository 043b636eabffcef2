import { availableParallelism } from 'node:os'
import { activatePortableBackend } from './fallback/portable-backend.js'
import { InputError } from './input-error.js'
import { findNativeEngine, loadNativeEngine, type NativeEngine } from './native-engine.js'
import { enginePrecision, setEnginePrecision, type Precision } from './precision.js'
import { drawbackOfBfloat16 } from './processor.js'
import type { EngineStatus } from './status.js'
import { tf } from './tensorflow.js'

export interface LoadOptions {
  /**
   * `cpu`, `gpu` or the number of a GPU, counted from 0. Default: the GPU where an engine with CUDA is installed and
   * finds one, else the CPU.
   */
  readonly device?: 'cpu' | 'gpu' | number
  /** Threads within one operation of the native engine. Default: `TF_NUM_INTRAOP_THREADS`, else one per core. */
  readonly threads?: number
  /** How graphs compute; later calls may change it. Default: `M2L_PRECISION`, else `f32`. */
  readonly precision?: Precision
  /**
   * Receives one line where the native engine is missing, and one where `bf16` is slower than `f32` on this processor.
   * Default: standard error.
   */
  readonly warn?: (line: string) => void
}

let hasWarnedOfBfloat16 = false
let loaded: { readonly device: LoadOptions['device']; readonly status: Promise<EngineStatus> } | undefined

/**
 * Loads the engine, once in a process: the native one of the per-user cache, or one that lies in node_modules; else
 * TensorFlow.js's `wasm` back end, with one warning that names the command to type. Later calls return what the
 * first one returned.
 *
 * `M2L_ENGINE` = `native`, `wasm` or `cpu` chooses the engine by hand.
 *
 * @throws {InputError} a GPU is asked for and there is none, an option or `M2L_ENGINE` has no meaning, or another
 * device is asked for than the one that this process has loaded.
 */
export async function loadEngine(options: LoadOptions = {}): Promise<EngineStatus> {
  checkOptions(options)
  if (options.precision !== undefined) setEnginePrecision(options.precision)
  enginePrecision()
  if (loaded) {
    const status = await loaded.status
    if (options.device !== undefined && !isSameDevice(options.device, loaded.device, status)) {
      throw new InputError(
        `device ${options.device} was asked for, but this process has loaded its engine on ${status.device}; ` +
          `name the device in the first call of loadEngine`,
      )
    }
    warnOfSlowBfloat16(status, options)
    return status
  }
  const status = load(options)
  loaded = { device: options.device, status }
  status.catch(() => {
    loaded = undefined
  })
  warnOfSlowBfloat16(await status, options)
  return status
}

function warnOfSlowBfloat16({ backend, device }: EngineStatus, options: LoadOptions): void {
  if (enginePrecision() !== 'bf16' || backend !== 'tensorflow' || device !== 'cpu' || hasWarnedOfBfloat16)
    return
  const drawback = drawbackOfBfloat16()
  if (drawback === undefined) return
  hasWarnedOfBfloat16 = true
  warning(options)(`m2l: this processor ${drawback}; precision f32 is faster`)
}

function warning({ warn }: LoadOptions): (line: string) => void {
  return warn ?? ((line) => process.stderr.write(`${line}\n`))
}

function checkOptions({ device, threads }: LoadOptions): void {
  const isIndex = typeof device === 'number' && Number.isInteger(device) && device >= 0
  if (device !== undefined && device !== 'cpu' && device !== 'gpu' && !isIndex) {
    throw new InputError(
      `device ${String(device)} is unknown; expected cpu, gpu or the number of a GPU from 0`,
    )
  }
  if (threads !== undefined && !(Number.isInteger(threads) && threads > 0)) {
    throw new InputError(`threads is ${threads}; expected a whole number from 1`)
  }
}

function isSameDevice(
  asked: 'cpu' | 'gpu' | number,
  first: LoadOptions['device'],
  status: EngineStatus,
): boolean {
  return typeof asked === 'number' ? asked === first : asked === status.device
}

async function load(options: LoadOptions): Promise<EngineStatus> {
  const choice = process.env.M2L_ENGINE || undefined
  const isChoice = choice === undefined || choice === 'native' || choice === 'wasm' || choice === 'cpu'
  if (!isChoice) throw new InputError(`M2L_ENGINE is ${choice}; expected native, wasm or cpu`)
  const wantsGpu = options.device !== undefined && options.device !== 'cpu'

  if (choice === 'wasm' || choice === 'cpu') {
    if (wantsGpu)
      throw new InputError(`device ${options.device} needs the native engine, but M2L_ENGINE is ${choice}`)
    return portable(choice, `M2L_ENGINE is ${choice}`)
  }

  const { native, why } = await findNativeEngine(options.device)
  if (native) {
    try {
      return await startNative(native, options)
    } catch (error) {
      if (error instanceof InputError) throw error
      return orPortable(`it does not load: ${String(error).split('\n')[0]}`)
    }
  }
  return orPortable(why)

  function orPortable(reason: string): Promise<EngineStatus> {
    const remedy = `type: npx m2l-engine install${wantsGpu ? ' --gpu' : ''}`
    if (wantsGpu) throw new InputError(`device ${options.device} cannot be used (${reason}); ${remedy}`)
    if (choice === 'native') throw new InputError(`M2L_ENGINE is native, but ${reason}; ${remedy}`)
    warning(options)(
      `m2l: the native engine is not there (${reason}); going on with TensorFlow.js's wasm, several times slower; ${remedy}`,
    )
    return portable('wasm', `the native engine is not there (${reason})`)
  }
}

async function startNative(native: NativeEngine, { device, threads }: LoadOptions): Promise<EngineStatus> {
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
    )
  }
  return {
    backend: 'tensorflow',
    tensorflowVersion,
    device: usesGpu ? 'gpu' : 'cpu',
    threads: Number(process.env.TF_NUM_INTRAOP_THREADS) || availableParallelism(),
    libraryPath: native.libraryPath,
    source: native.source,
    why: native.why,
  }
}

/**
 * TensorFlow uses oneDNN's kernels by itself only on processors with AVX-512 or AMX, though they are faster on those
 * with AVX2 as well; and it asks the system for the memory of each large tensor anew unless told to keep a pool.
 */
function preferFastKernels(): void {
  process.env.TF_ENABLE_ONEDNN_OPTS ??= '1'
  process.env.TF_CPU_ALLOCATOR_USE_BFC ??= 'true'
}

async function portable(backend: 'wasm' | 'cpu', why: string): Promise<EngineStatus> {
  await activatePortableBackend(backend)
  await tf.ready()
  return {
    backend,
    tensorflowVersion: null,
    device: 'cpu',
    threads: 1,
    libraryPath: null,
    source: 'tensorflow.js',
    why,
  }
}
