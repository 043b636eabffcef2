import { randomUUID } from 'node:crypto'
import { access, constants, mkdir, readdir, rename, rm, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { EngineError } from '../engine-error.js'
import { compileBinding } from './compile-binding.js'
import { assertRoom, diskFull, isDiskFull } from './disk-space.js'
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
import { assertBindingTools, assertPython } from './host-tools.js'
import { withInstallationLock } from './installation-lock.js'
import { layOutPythonTensorflow, layOutWheels } from './lay-out-library.js'
import { findDamage, isForbidden, recordFolder, writeManifest } from './manifest.js'
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

const stagingPrefix = '.staging-'

/** Brings an engine into the cache; does nothing if a whole one is there. */
export async function provision(order: Order): Promise<Provision> {
  const { variant, cache, verify, onProgress, signal } = order
  const root = engineRoot(cache)
  const present = await findEngine(variant, cache, verify)
  if (present.engine) return { engine: present.engine, alreadyThere: true }
  if (present.damage) onProgress(`the engine in the cache cannot be used: ${present.damage}`)
  try {
    await makeRoot(root)
    return await withInstallationLock(
      root,
      onProgress,
      (locked) => install({ ...order, signal: locked }),
      signal,
    )
  } catch (error) {
    if (isDiskFull(error)) throw diskFull(root, order.wheels.diskBytes)
    throw isReadOnly(error) ? unwritable(root, error) : error
  }
}

async function install(order: Order & { signal: AbortSignal }): Promise<Provision> {
  const { variant, cache, verify } = order
  const root = engineRoot(cache)
  await clearLeftovers(root)
  const present = await findEngine(variant, cache, verify)
  if (present.engine) return { engine: present.engine, alreadyThere: true }

  await assertBindingTools()
  const library = await findLibrary(order)
  if (library) await addBinding(order, library)
  else {
    await assertPython(order.python)
    if (!(await usePythonTensorflow(order))) await addBinding(order, await useWheels(order))
  }

  const { engine, damage } = await findEngine(variant, cache)
  if (!engine) throw new EngineError(`the engine in ${root} is not whole (${damage}); type the command again`)
  return { engine, alreadyThere: false }
}

async function makeRoot(root: string): Promise<void> {
  try {
    await mkdir(root, { recursive: true })
    await access(root, constants.W_OK)
  } catch (error) {
    throw isDiskFull(error) ? error : unwritable(root, error)
  }
}

const isReadOnly = (error: unknown): boolean =>
  isForbidden(error) || (error as NodeJS.ErrnoException).code === 'EROFS'

const unwritable = (root: string, error: unknown): EngineError =>
  new EngineError(
    `${root} cannot be written (${(error as Error).message}); set M2L_CACHE to a folder that can, ` +
      `and type the command again`,
  )

/** Removes what installers that died have left. */
async function clearLeftovers(root: string): Promise<void> {
  for (const name of await readdir(root)) {
    if (name.startsWith(stagingPrefix)) await rm(join(root, name), { recursive: true, force: true })
  }
}

/** A whole libtensorflow that is in the cache already, without the binding for this Node.js. */
async function findLibrary({ variant, cache, verify }: Order): Promise<CachedLibrary | undefined> {
  for (const library of (await listLibraries(cache)).libraries) {
    if (library.variant !== variant) continue
    if ((await findDamage(library.folder, library.files, verify)) === undefined) return library
  }
  return undefined
}

/** Links an installed Python TensorFlow and compiles the binding for it; returns whether that could be done. */
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
    if (!(error instanceof EngineError) || signal.aborted) throw error
    onProgress(`the Python TensorFlow does not serve: ${error.message}`)
    return false
  }
}

async function useWheels(order: Order & { signal: AbortSignal }): Promise<CachedLibrary> {
  const { cache, wheels, variant, python, onProgress, signal } = order
  await assertRoom(engineRoot(cache), wheels.diskBytes)
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
  return withStaging(cache, async (staging) => {
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
  await withStaging(cache, async (staging) => {
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

async function withStaging<Result>(
  cache: string,
  work: (staging: string) => Promise<Result>,
): Promise<Result> {
  const staging = await makeStaging(engineRoot(cache))
  try {
    return await work(staging)
  } finally {
    await rm(staging, { recursive: true, force: true })
  }
}

/** An empty folder that others may read as far as this user's mask lets them; one of `mkdtemp` is its owner's alone. */
async function makeStaging(root: string): Promise<string> {
  const folder = join(root, stagingPrefix + randomUUID())
  await mkdir(folder)
  return folder
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
