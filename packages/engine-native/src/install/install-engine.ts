import { cacheFolder } from '../cache-folder.js'
import { InputError } from '@m2l/engine/messages'
import type { LibrarySource } from './engine-cache.js'
import { pinnedPackages } from './pinned-packages.js'
import { provision, wheelKey } from './provision.js'
import { pinnedWheels } from './wheels.js'

export interface InstallOptions {
  /** Install TensorFlow with CUDA (Linux on x86-64 only). Default: without. */
  readonly gpu?: boolean
  /** Cache to install into. Default: {@link cacheFolder}. */
  readonly cacheFolder?: string
  /** Python 3 program that has pip. Default: `python3`. */
  readonly python?: string
  /** Compare the content of every file of an engine that is there with its hash. Default: compare sizes. */
  readonly verify?: boolean
  /** Called with a line for each step; never called when there is nothing to do. */
  readonly onProgress?: (line: string) => void
  /** Ends the installation; nothing half-made stays. */
  readonly signal?: AbortSignal
}

/** An engine in the cache. */
export interface InstalledEngine {
  readonly tensorflowVersion: string
  readonly gpu: boolean
  /** Where libtensorflow came from. */
  readonly source: LibrarySource
  /** The Python package's folder, or the wheel's name and version. */
  readonly origin: string
  /** Path of libtensorflow. */
  readonly libraryPath: string
  /** Path of the binding between Node.js and libtensorflow. */
  readonly bindingPath: string
  /** Whether a whole engine was there before. */
  readonly alreadyThere: boolean
}

/**
 * Brings a current libtensorflow and its binding into the per-user cache, where every checkout and project
 * finds them: the library from an installed Python TensorFlow, or else from the pinned wheel of Python's
 * package index, and the binding, which is compiled, from the pinned package of npm's registry. Takes
 * milliseconds when they are there already. Safe to be called by several processes at once, and to be killed.
 *
 * @throws {InstallationError} a tool, the network or room on the disk is missing; the message says what to
 *   type.
 * @throws {InputError} there is no TensorFlow for this platform, or none with CUDA, or the cache cannot be
 *   written.
 */
export async function installEngine(options: InstallOptions = {}): Promise<InstalledEngine> {
  const variant = options.gpu ? 'gpu' : 'cpu'
  const wheels = pinnedWheels[wheelKey(variant)]
  if (!wheels) {
    throw new InputError(
      `there is no TensorFlow ${options.gpu ? 'with CUDA ' : ''}for ${process.platform}-${process.arch}, only for ` +
        `${Object.keys(pinnedWheels)
          .filter((key) => key.startsWith(variant))
          .map((key) => key.slice(4))
          .join(', ')}; ` +
        (options.gpu
          ? 'type the command without --gpu'
          : 'without it everything runs on the slower wasm back end'),
      { code: 'engine' },
    )
  }
  const { engine, alreadyThere } = await provision({
    variant,
    cache: options.cacheFolder ?? cacheFolder(),
    python: options.python ?? 'python3',
    wheels,
    packages: pinnedPackages,
    verify: options.verify ?? false,
    onProgress: options.onProgress ?? (() => {}),
    signal: options.signal,
  })
  return {
    tensorflowVersion: engine.tensorflowVersion,
    gpu: engine.variant === 'gpu',
    source: engine.source,
    origin: engine.origin,
    libraryPath: engine.libraryPath,
    bindingPath: engine.bindingPath,
    alreadyThere,
  }
}
