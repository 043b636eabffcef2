import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { cacheFolder } from './cache-folder.js'
import { engineRoot, findEngine, kernelsFile } from './install/engine-cache.js'
import type { Variant } from './install/wheels.js'
import { speedUpConvolutionFilterGradient } from './kernels/convolution-filter-gradient.js'
import { useNativeMomentumUpdate } from './kernels/momentum-update.js'
import type { EngineStatus } from './status.js'
import { tf } from './tensorflow.js'

const require = createRequire(import.meta.url)
const tfjsNode = '@tensorflow/tfjs-node-gpu'

/** A binding that can be loaded. */
export interface NativeEngine {
  readonly bindingPath: string
  readonly libraryPath: string
  readonly source: EngineStatus['source']
  readonly why: string
}

/** A native engine for a device, or why there is none. */
export type Search =
  { readonly native: NativeEngine; readonly why?: never } | { readonly native?: never; readonly why: string }

/**
 * Looks for a native engine: in the per-user cache, an engine without CUDA for the CPU and one with CUDA for a GPU,
 * which serves the CPU too; then for a binding that somebody has put into node_modules.
 */
export async function findNativeEngine(device: 'cpu' | 'gpu' | number | undefined): Promise<Search> {
  const variants: Variant[] =
    device === 'cpu' ? ['cpu', 'gpu'] : device === undefined ? ['gpu', 'cpu'] : ['gpu']
  let damage: string | undefined
  for (const variant of variants) {
    const found = await findEngine(variant)
    damage ??= found.damage
    if (!found.engine) continue
    const { bindingPath, libraryPath, source, origin } = found.engine
    const why = `it is installed in the cache, from the ${source} ${origin}`
    return { native: { bindingPath, libraryPath, source, why } }
  }
  const bindingPath = join(
    dirname(require.resolve(`${tfjsNode}/package.json`)),
    'lib',
    'napi-v8',
    'tfjs_binding.node',
  )
  if (existsSync(bindingPath)) {
    const why = `the cache has none, but a binding lies in node_modules/${tfjsNode}`
    return { native: { bindingPath, libraryPath: bindingPath, source: 'node_modules', why } }
  }
  const kind = variants.includes('cpu') ? 'engine' : 'engine with CUDA'
  return { why: damage ?? `${engineRoot(cacheFolder())} holds no ${kind} for this Node.js` }
}

/**
 * Loads tfjs-node with a given binding and makes its back end the active one.
 *
 * tfjs-node asks node-pre-gyp where its binding lies. The answer is given here, so that nothing is written into
 * node_modules, which may be read-only or shared by processes that want different devices.
 */
export async function loadNativeEngine(
  native: NativeEngine,
): Promise<{ tensorflowVersion: string; usesGpu: boolean }> {
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2'
  restoreUtilities()
  const requireOfPackage = createRequire(require.resolve(`${tfjsNode}/package.json`))
  const locator = requireOfPackage('@mapbox/node-pre-gyp/lib/pre-binding.js') as { find: () => string }
  const originalFind = locator.find
  locator.find = () => native.bindingPath
  try {
    require(tfjsNode)
  } finally {
    locator.find = originalFind
  }
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

/** Loads the operations of our own that lie beside the binding; returns whether TensorFlow has them now. */
function loadKernels({ bindingPath }: NativeEngine): boolean {
  const path = join(dirname(bindingPath), kernelsFile)
  return existsSync(path) && (require(path) as { fault?: string }).fault === undefined
}

/** tfjs-node calls functions of `util` of which Node.js 22 warns and that Node.js 23 and later lack in part. */
function restoreUtilities(): void {
  const util = require('node:util') as Record<string, unknown>
  util.isNullOrUndefined = (value: unknown) => value === null || value === undefined
  util.isArray = Array.isArray
}
