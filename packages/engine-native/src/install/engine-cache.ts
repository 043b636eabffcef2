import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { cacheFolder } from '../cache-folder.js'
import type { FileRecord } from '../fetch/file-record.js'
import { isForbidden } from '../fetch/forbidden.js'
import { findDamage, forbidden, readManifest } from './manifest.js'
import { tfjsNode } from './pinned-packages.js'
import type { Variant } from './wheels.js'

/**
 * The engines in a cache:
 *
 *     <cache>/engine/tensorflow-2.21.0-cpu-linux-x64/       one libtensorflow
 *       deps/lib  deps/include  manifest.json
 *       bindings/napi-8-4/tfjs_binding.node  manifest.json    its binding, for every Node.js
 *       bindings/napi-8-4/m2l_kernels.node                  operations of our own, on Linux
 *       bindings/napi-8-4/node_modules                      tfjs-node, which computes with it
 *
 * The binding looks for libtensorflow in `../../deps/lib`. Each folder appears under its name by one rename,
 * when it is whole and has its manifest; what is being made lies in a folder named `.staging-*`.
 */
export const engineRoot = (cache: string = cacheFolder()): string => join(cache, 'engine')

/** Where libtensorflow came from. */
export type LibrarySource = 'python package' | 'wheel'

/** The manifest of one libtensorflow. */
export interface LibraryManifest {
  readonly tensorflowVersion: string
  readonly variant: Variant
  readonly platform: string
  readonly source: LibrarySource
  /** The folder of the Python package, or the wheel's name and version. */
  readonly origin: string
  /** File name of the library that holds TensorFlow's C API. */
  readonly library: string
  readonly files: readonly FileRecord[]
}

/** A libtensorflow in the cache, whole or damaged. */
export interface CachedLibrary extends LibraryManifest {
  readonly folder: string
}

/** A libtensorflow with its binding. */
export interface CachedEngine extends CachedLibrary {
  readonly bindingPath: string
  /** The package tfjs-node that goes with the binding. */
  readonly packagePath: string
  readonly libraryPath: string
}

/** This platform as the cache names it, such as `linux-x64`. */
export const hostPlatform = `${process.platform}-${process.arch}`

export const libraryFolderName = (version: string, variant: Variant): string =>
  `tensorflow-${version}-${variant}-${hostPlatform}`

/** To be raised when the binding is built differently: caches then get the new one beside the old one. */
const bindingRevision = 4

/**
 * Folder of the binding, relative to the folder of its libtensorflow. It uses Node-API 8 alone, which every
 * Node.js has.
 */
export const bindingFolder = join('bindings', `napi-8-${bindingRevision}`)

/** Folder of the package tfjs-node, relative to that of the binding. */
export const packageFolder = join('node_modules', tfjsNode)

export const bindingFile = 'tfjs_binding.node'

/** Beside the binding. */
export const kernelsFile = 'm2l_kernels.node'

/**
 * Every libtensorflow in the cache for this platform that this user may read, the newest first. Reads
 * manifests only.
 */
export async function listLibraries(
  cache?: string,
): Promise<{ readonly libraries: CachedLibrary[]; readonly unreadable?: string }> {
  const root = engineRoot(cache)
  let unreadable: string | undefined
  const orNothing = (path: string) => (error: unknown) => {
    if (isForbidden(error)) unreadable ??= path
    return undefined
  }
  const names = (await readdir(root).catch(orNothing(root))) ?? []
  const newestFirst = names
    .filter((name) => name.startsWith('tensorflow-'))
    .toSorted((a, b) => b.localeCompare(a, 'en', { numeric: true }))
  const libraries: CachedLibrary[] = []
  for (const name of newestFirst) {
    const folder = join(root, name)
    const manifest = await readManifest<LibraryManifest>(folder).catch(orNothing(folder))
    if (manifest?.platform === hostPlatform) libraries.push({ ...manifest, folder })
  }
  return { libraries, ...(unreadable !== undefined && { unreadable }) }
}

/** What the cache holds of a variant. */
export interface Findings {
  readonly engine?: CachedEngine
  /** What is wrong with an engine that is there but cannot be used. */
  readonly damage?: string
}

/**
 * Finds the newest whole engine of a variant. Compares the sizes of the few files that are
 * loaded, or of everything and every content if `verify` is set.
 */
export async function findEngine(variant: Variant, cache?: string, verify = false): Promise<Findings> {
  const { libraries, unreadable } = await listLibraries(cache)
  let damage = unreadable && forbidden(unreadable)
  for (const library of libraries) {
    if (library.variant !== variant) continue
    const needed = verify ? library.files : library.files.filter((file) => file.path.startsWith('deps/lib/'))
    const broken =
      (await findDamage(library.folder, needed, verify)) ?? (await findBindingDamage(library.folder, verify))
    if (broken === undefined) {
      const binding = join(library.folder, bindingFolder)
      return {
        engine: {
          ...library,
          bindingPath: join(binding, bindingFile),
          packagePath: join(binding, packageFolder),
          libraryPath: join(library.folder, 'deps', 'lib', library.library),
        },
      }
    }
    damage ??= broken
  }
  return damage === undefined ? {} : { damage }
}

async function findBindingDamage(libraryFolder: string, verify: boolean): Promise<string | undefined> {
  const folder = join(libraryFolder, bindingFolder)
  const manifest = await readManifest(folder).catch((error: unknown) => {
    if (isForbidden(error)) return 'forbidden' as const
    throw error
  })
  if (manifest === 'forbidden') return forbidden(folder)
  if (!manifest) return `${folder} holds no binding`
  return findDamage(folder, manifest.files, verify)
}
