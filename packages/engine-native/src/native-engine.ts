import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import * as util from 'node:util'
import { tf, type EngineStatus } from '@m2l/engine'
import { InputError } from '@m2l/engine/messages'
import { speedUpConvolutionFilterGradient, useNativeMomentumUpdate } from '@m2l/engine/runtime'
import { cacheFolder } from './cache-folder.js'
import { engineRoot, findEngine, kernelsFile } from './install/engine-cache.js'
import { tfjsNode } from './install/pinned-packages.js'
import type { Variant } from './install/wheels.js'
import { loadModule } from './load-module.js'

const require = createRequire(import.meta.url)

/** A binding that can be loaded. */
export interface NativeEngine {
  readonly bindingPath: string
  /** The package tfjs-node. */
  readonly packagePath: string
  readonly libraryPath: string
  readonly source: EngineStatus['source']
  readonly why: string
}

/** A native engine for a device, or why there is none. */
export type Search =
  { readonly native: NativeEngine; readonly why?: never } | { readonly native?: never; readonly why: string }

/**
 * Looks for a native engine: in the per-user cache, an engine without CUDA for the CPU and one with CUDA for
 * a GPU, which serves the CPU too; then for a tfjs-node with its binding that somebody has put into
 * node_modules.
 */
export async function findNativeEngine(device: 'cpu' | 'gpu' | number | undefined): Promise<Search> {
  const variants: Variant[] =
    device === 'cpu' ? ['cpu', 'gpu'] : device === undefined ? ['gpu', 'cpu'] : ['gpu']
  const cached = await findInCache(variants)
  if (cached.native) return cached
  const packagePath = packageInNodeModules()
  if (packagePath === undefined) return cached
  const bindingPath = join(packagePath, 'lib', 'napi-v8', 'tfjs_binding.node')
  if (!existsSync(bindingPath)) return cached
  const why = `the cache has none, but a binding lies in node_modules/${tfjsNode}`
  return { native: { bindingPath, packagePath, libraryPath: bindingPath, source: 'node_modules', why } }
}

async function findInCache(variants: readonly Variant[]): Promise<Search> {
  let damage: string | undefined
  let root: string
  try {
    root = engineRoot(cacheFolder())
  } catch (error) {
    if (error instanceof InputError) return { why: error.message }
    throw error
  }
  for (const variant of variants) {
    const found = await findEngine(variant)
    damage ??= found.damage
    if (!found.engine) continue
    const { bindingPath, packagePath, libraryPath, source, origin } = found.engine
    const why = `it is installed in the cache, from the ${source} ${origin}`
    return { native: { bindingPath, packagePath, libraryPath, source, why } }
  }
  const kind = variants.includes('cpu') ? 'engine' : 'engine with CUDA'
  return { why: damage ?? `${root} holds no ${kind}` }
}

function packageInNodeModules(): string | undefined {
  try {
    return dirname(require.resolve(`${tfjsNode}/package.json`))
  } catch {
    return undefined
  }
}

/** Loads tfjs-node with a given binding and makes its back end the active one. */
export async function loadNativeEngine(
  native: NativeEngine,
): Promise<{ tensorflowVersion: string; usesGpu: boolean }> {
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2'
  loadModule(join(native.packagePath, 'dist', 'index.js'), {
    '@tensorflow/tfjs': { ...tf, ...withoutLayers },
    '@tensorflow/tfjs-core': tf,
    '@mapbox/node-pre-gyp': { find: () => native.bindingPath },
    progress: Object,
    util: { ...util, ...removedUtilities },
  })
  await tf.ready()
  const backend = tf.backend() as tf.KernelBackend & {
    binding: { TF_Version: string }
    isUsingGpuDevice: boolean
  }
  if (!backend.isUsingGpuDevice) {
    speedUpConvolutionFilterGradient('tensorflow')
    if (loadKernels(native)) useNativeMomentumUpdate(backend)
  }
  return { tensorflowVersion: backend.binding.TF_Version, usesGpu: backend.isUsingGpuDevice }
}

/**
 * What tfjs-node expects of TensorFlow.js's layers, which are not used: a class to derive from, and a list to
 * enter it in.
 */
const withoutLayers = { CustomCallback: Object, registerCallbackConstructor: () => {} }

/**
 * Functions of `util` that tfjs-node calls, of which Node.js 22 warns and that Node.js 23 and later lack in
 * part.
 */
const removedUtilities = {
  isNullOrUndefined: (value: unknown) => value === null || value === undefined,
  isArray: Array.isArray,
}

/** Loads the operations of our own that lie beside the binding; returns whether TensorFlow has them now. */
function loadKernels({ bindingPath }: NativeEngine): boolean {
  const path = join(dirname(bindingPath), kernelsFile)
  return existsSync(path) && (require(path) as { fault?: string }).fault === undefined
}
