import { mkdir, rename, rm, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { assertRoom } from '../fetch/disk-space.js'
import { fillCache, makeStaging, withStaging } from '../fetch/fill-cache.js'
import { InstallationError } from '../fetch/installation-error.js'
import { assertPython } from '../fetch/pip.js'
import { compileBinding } from './compile-binding.js'
import {
  bindingFolder,
  engineRoot,
  findEngine,
  hostPlatform,
  libraryFolderName,
  listLibraries,
  packageFolder,
  type CachedEngine,
  type CachedLibrary,
  type LibraryManifest,
} from './engine-cache.js'
import { assertBindingTools } from './host-tools.js'
import { layOutPythonTensorflow, layOutWheels } from './lay-out-library.js'
import { findDamage, recordFolder, writeManifest } from './manifest.js'
import { fetchPackages } from './npm.js'
import type { PinnedPackage } from './pinned-packages.js'
import { findPythonTensorflow, isSuitable } from './python-tensorflow.js'
import type { Variant, WheelSet } from './wheels.js'

/** What one installation is to do. */
export interface Order {
  readonly variant: Variant
  readonly cache: string
  readonly python: string
  readonly wheels: WheelSet
  /** tfjs-node and what it stands on. */
  readonly packages: readonly PinnedPackage[]
  /** Compare the content of every file of an engine that is already there, not only sizes. */
  readonly verify: boolean
  readonly onProgress: (line: string) => void
  readonly signal?: AbortSignal | undefined
  readonly compile?: typeof compileBinding
}

/** An engine, and whether this installation had anything to do. */
export interface Provision {
  readonly engine: CachedEngine
  readonly alreadyThere: boolean
}

/** As a sentence calls it. */
const theEngine = 'the engine'

/** Brings an engine into the cache; does nothing if a whole one is there. */
export async function provision(order: Order): Promise<Provision> {
  const { variant, cache, wheels, verify, onProgress, signal } = order
  const present = await findEngine(variant, cache, verify)
  if (present.engine) return { engine: present.engine, alreadyThere: true }
  if (present.damage) onProgress(`the engine in the cache cannot be used: ${present.damage}`)
  const filling = {
    folder: engineRoot(cache),
    what: theEngine,
    diskBytes: wheels.diskBytes,
    onProgress,
    signal,
  }
  return fillCache(filling, (locked) => install({ ...order, signal: locked }))
}

async function install(order: Order & { signal: AbortSignal }): Promise<Provision> {
  const { variant, cache, verify } = order
  const present = await findEngine(variant, cache, verify)
  if (present.engine) return { engine: present.engine, alreadyThere: true }

  await assertBindingTools()
  const library = await findLibrary(order)
  if (library) await addBinding(order, library)
  else {
    await assertPython(order.python, 'TensorFlow')
    if (!(await usePythonTensorflow(order))) await addBinding(order, await useWheels(order))
  }

  const { engine, damage } = await findEngine(variant, cache)
  if (!engine)
    throw new InstallationError(
      `the engine in ${engineRoot(cache)} is not whole (${damage}); type the command again`,
    )
  return { engine, alreadyThere: false }
}

/** A whole libtensorflow that is in the cache already, without the binding for this Node.js. */
async function findLibrary({ variant, cache, verify }: Order): Promise<CachedLibrary | undefined> {
  for (const library of (await listLibraries(cache)).libraries) {
    if (library.variant !== variant) continue
    if ((await findDamage(library.folder, library.files, verify)) === undefined) return library
  }
  return undefined
}

/**
 * Links an installed Python TensorFlow and compiles the binding for it; returns whether that could be done.
 */
async function usePythonTensorflow(order: Order & { signal: AbortSignal }): Promise<boolean> {
  const { python, variant, signal, onProgress } = order
  const found = await findPythonTensorflow(python, signal)
  if (!found || !isSuitable(found, variant)) return false
  onProgress(`using the Python TensorFlow ${found.version} in ${found.folder}`)
  let library: CachedLibrary | undefined
  try {
    library = await publishLibrary(order, (staging) => layOutPythonTensorflow(staging, variant, found))
    await addBinding(order, library)
    return true
  } catch (error) {
    if (library) await rm(library.folder, { recursive: true, force: true })
    if (!(error instanceof InstallationError) || signal.aborted) throw error
    onProgress(`the Python TensorFlow does not serve: ${error.message}`)
    return false
  }
}

async function useWheels(order: Order & { signal: AbortSignal }): Promise<CachedLibrary> {
  const { cache, wheels, variant, python, onProgress, signal } = order
  await assertRoom(engineRoot(cache), theEngine, wheels.diskBytes)
  onProgress(`fetching libtensorflow (${Math.round(wheels.downloadBytes / 1e6)} MB)`)
  return publishLibrary(order, (staging) =>
    layOutWheels(staging, variant, wheels, python, onProgress, signal),
  )
}

/** Has a libtensorflow laid out aside and puts it in its place in one step. */
async function publishLibrary(
  { cache, variant }: Order,
  layOut: (staging: string) => Promise<LibraryManifest>,
): Promise<CachedLibrary> {
  return withStaging(engineRoot(cache), async (staging) => {
    const manifest = await layOut(staging)
    await rm(join(staging, 'wheels'), { recursive: true, force: true })
    await writeManifest(staging, manifest)
    const folder = join(engineRoot(cache), libraryFolderName(manifest.tensorflowVersion, variant))
    await replaceFolder(staging, folder, engineRoot(cache))
    return { ...manifest, folder }
  })
}

/** Compiles the binding aside and puts it in its place in one step. */
async function addBinding(order: Order & { signal: AbortSignal }, library: CachedLibrary): Promise<void> {
  const { cache, packages, onProgress, signal, compile = compileBinding } = order
  await withStaging(engineRoot(cache), async (staging) => {
    await symlink(join(library.folder, 'deps'), join(staging, 'deps'))
    const output = join(staging, bindingFolder)
    await mkdir(output, { recursive: true })
    onProgress(`fetching ${packages.map(({ name, version }) => `${name} ${version}`).join(' and ')}`)
    await fetchPackages(packages, output, staging, signal)
    onProgress('compiling the binding between Node.js and TensorFlow')
    const tfjsNode = join(output, packageFolder)
    const logFile = join(engineRoot(cache), 'compiler.log')
    await compile({ tfjsNode, workFolder: staging, outputFolder: output, logFile, signal })
    await writeManifest(output, { files: await recordFolder(output) })
    const target = join(library.folder, bindingFolder)
    await mkdir(dirname(target), { recursive: true })
    await replaceFolder(output, target, engineRoot(cache))
  })
}

/** Renames a folder to a name that a damaged one may bear. */
async function replaceFolder(source: string, target: string, root: string): Promise<void> {
  const old = await makeStaging(root)
  await rename(target, join(old, 'old')).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
  })
  await rename(source, target)
  await rm(old, { recursive: true, force: true })
}

/** The key of a variant in the table of wheels. */
export const wheelKey = (variant: Variant): string => `${variant}-${hostPlatform}`
