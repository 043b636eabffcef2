import { environment, hasNativeEngines, tell } from '#host'
import { activatePortableBackend } from './fallback/portable-backend.js'
import { useSessions } from './graph/graph-session.js'
import { InputError } from './input-error.js'
import { nativeRuntime, type StartedEngine } from './native-runtime.js'
import { enginePrecision, setEnginePrecision, type Precision } from './precision.js'
import type { EngineStatus } from './status.js'
import { tf } from './tensorflow.js'

export interface LoadOptions {
  /**
   * `cpu`, `gpu` or the number of a GPU, counted from 0. Default: the GPU where an engine with CUDA is
   * installed and finds one, else the CPU.
   */
  readonly device?: 'cpu' | 'gpu' | number
  /**
   * Threads within one operation of the native engine. Default: `TF_NUM_INTRAOP_THREADS`, else one per core.
   */
  readonly threads?: number
  /**
   * `native`, `wasm` or `cpu`, by hand. Default: `M2L_ENGINE`, else the native one where there is one, else
   * `wasm`.
   */
  readonly engine?: EngineName
  /**
   * Where the `.wasm` files of `@tensorflow/tfjs-backend-wasm` lie, in browsers: the address of their folder,
   * ending in `/`, or the address of each by its name. Node.js finds them by itself.
   */
  readonly wasmFiles?: string | Readonly<Record<string, string>>
  /** How graphs compute; later calls may change it. Default: `M2L_PRECISION`, else `f32`. */
  readonly precision?: Precision
  /**
   * Receives one line where the native engine is missing, and one where `bf16` is slower than `f32` on this
   * processor. Default: standard error.
   */
  readonly warn?: (line: string) => void
}

type EngineName = 'native' | 'wasm' | 'cpu'

interface LoadedEngine {
  readonly status: EngineStatus
  readonly drawbackOfBfloat16?: StartedEngine['drawbackOfBfloat16']
}

let hasWarnedOfBfloat16 = false
let loaded: { readonly device: LoadOptions['device']; readonly engine: Promise<LoadedEngine> } | undefined

/**
 * Loads the engine, once in a process: the native one where `@m2l/engine-native` has been imported and finds
 * one; else TensorFlow.js's `wasm` back end, with one warning that says what to do. Later calls return what
 * the first one returned.
 *
 * @throws {InputError} a GPU is asked for and there is none, an option or `M2L_ENGINE` has no meaning,
 *   another device is asked for than the one that this process has loaded, or a native engine is asked for
 *   outside of Node.js.
 */
export async function loadEngine(options: LoadOptions = {}): Promise<EngineStatus> {
  checkOptions(options)
  if (options.precision !== undefined) setEnginePrecision(options.precision)
  enginePrecision()
  if (loaded) {
    const engine = await loaded.engine
    const { status } = engine
    if (options.device !== undefined && !isSameDevice(options.device, loaded.device, status)) {
      throw new InputError(
        `device ${options.device} was asked for, but this process has loaded its engine on ${status.device}; ` +
          `name the device in the first call of loadEngine`,
        { code: 'engine' },
      )
    }
    const name = status.backend === 'tensorflow' ? 'native' : status.backend
    if (options.engine !== undefined && options.engine !== name) {
      throw new InputError(
        `engine ${options.engine} was asked for, but this process has loaded ${name}; ` +
          `name the engine in the first call of loadEngine`,
        { code: 'engine' },
      )
    }
    warnOfSlowBfloat16(engine, options)
    return status
  }
  const engine = load(options)
  loaded = { device: options.device, engine }
  engine.catch(() => {
    loaded = undefined
  })
  warnOfSlowBfloat16(await engine, options)
  return (await engine).status
}

function warnOfSlowBfloat16({ drawbackOfBfloat16 }: LoadedEngine, options: LoadOptions): void {
  if (enginePrecision() !== 'bf16' || drawbackOfBfloat16 === undefined || hasWarnedOfBfloat16) return
  hasWarnedOfBfloat16 = true
  warning(options)(`m2l: this processor ${drawbackOfBfloat16}; precision f32 is faster`)
}

function warning({ warn }: LoadOptions): (line: string) => void {
  return warn ?? tell
}

function checkOptions({ device, threads }: LoadOptions): void {
  const isIndex = typeof device === 'number' && Number.isInteger(device) && device >= 0
  if (device !== undefined && device !== 'cpu' && device !== 'gpu' && !isIndex) {
    throw new InputError(
      `device ${String(device)} is unknown; expected cpu, gpu or the number of a GPU from 0`,
      { code: 'option' },
    )
  }
  if (threads !== undefined && !(Number.isInteger(threads) && threads > 0)) {
    throw new InputError(`threads is ${threads}; expected a whole number from 1`, { code: 'option' })
  }
}

function isSameDevice(
  asked: 'cpu' | 'gpu' | number,
  first: LoadOptions['device'],
  status: EngineStatus,
): boolean {
  return typeof asked === 'number' ? asked === first : asked === status.device
}

async function load(options: LoadOptions): Promise<LoadedEngine> {
  const { name, source } = chosenEngine(options)
  const wantsGpu = options.device !== undefined && options.device !== 'cpu'
  if (!hasNativeEngines) {
    if (name === 'native' || wantsGpu) {
      const asked = wantsGpu ? `device ${options.device}` : `engine ${name}`
      throw new InputError(`engine-native is for Node; ${asked} cannot be had here: expected wasm or cpu`, {
        code: 'engine',
      })
    }
    return portable(name ?? 'wasm', `${source} is ${name ?? 'not given'}`, options)
  }
  if (name === 'wasm' || name === 'cpu') {
    if (wantsGpu)
      throw new InputError(`device ${options.device} needs the native engine, but ${source} is ${name}`, {
        code: 'engine',
      })
    return portable(name, `${source} is ${name}`, options)
  }

  const started = (await nativeRuntime()?.start(options)) ?? notImported
  if ('status' in started) {
    useSessions(started.openSession)
    return started
  }
  const { why, remedy } = started
  if (wantsGpu)
    throw new InputError(`device ${options.device} cannot be used (${why}); ${remedy}`, { code: 'engine' })
  if (name === 'native')
    throw new InputError(`${source} is native, but ${why}; ${remedy}`, { code: 'engine' })
  warning(options)(
    `m2l: the native engine is not there (${why}); going on with TensorFlow.js's wasm, several times slower; ${remedy}`,
  )
  return portable('wasm', `the native engine is not there (${why})`, options)
}

function chosenEngine({ engine }: LoadOptions): { readonly name?: EngineName; readonly source: string } {
  const source = engine === undefined ? 'M2L_ENGINE' : 'engine'
  const name = engine ?? (environment.M2L_ENGINE || undefined)
  if (name === undefined) return { source: 'engine' }
  if (name === 'native' || name === 'wasm' || name === 'cpu') return { name, source }
  throw new InputError(`${source} is ${name}; expected native, wasm or cpu`, { code: 'option' })
}

const notImported = {
  why: '@m2l/engine-native has not been imported',
  remedy: "type: npm install @m2l/engine-native, and import '@m2l/engine-native' in the program",
}

async function portable(
  backend: 'wasm' | 'cpu',
  why: string,
  { wasmFiles }: LoadOptions,
): Promise<LoadedEngine> {
  await activatePortableBackend(backend, wasmFiles)
  await tf.ready()
  const status: EngineStatus = {
    backend,
    tensorflowVersion: null,
    device: 'cpu',
    threads: 1,
    libraryPath: null,
    source: 'tensorflow.js',
    why,
  }
  return { status }
}
