import { randomUUID } from 'node:crypto'
import { access, constants, mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { makeFolder } from '../make-folder.js'
import { withCacheLock } from './cache-lock.js'
import { diskFull, isDiskFull } from './disk-space.js'
import { isForbidden } from './forbidden.js'
import { UnwritableCacheError } from './unwritable-cache-error.js'

/** A folder of the cache, and what is brought into it. */
export interface CacheFilling {
  /** It is made where it is not there. */
  readonly folder: string
  /** What is brought in, as a sentence calls it: `the engine`. */
  readonly what: string
  /** Bytes that must be free on the folder's disk meanwhile. */
  readonly diskBytes: number
  readonly onProgress: (line: string) => void
  readonly signal?: AbortSignal | undefined
}

const stagingPrefix = '.staging-'

/**
 * Brings something into a folder of the cache while no other process does, after what installers that died
 * have left there has been removed. Waits for one that is at work already, so that `fill` looks first whether
 * it is there by now.
 *
 * @param fill gets a signal that ends it when that of the filling does, or when the lock is lost because this
 *   process slept.
 * @throws {UnwritableCacheError} the folder cannot be made or written.
 * @throws {InstallationError} its disk is full.
 */
export async function fillCache<Result>(
  { folder, what, diskBytes, onProgress, signal }: CacheFilling,
  fill: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  try {
    await makeCache(folder)
    const work = async (locked: AbortSignal) => {
      await clearLeftovers(folder)
      return fill(locked)
    }
    return await withCacheLock(folder, onProgress, work, signal)
  } catch (error) {
    if (isDiskFull(error)) throw diskFull(folder, what, diskBytes)
    throw isReadOnly(error) ? unwritable(folder, error) : error
  }
}

/** Does some work in an empty folder within one of the cache, which is removed in the end. */
export async function withStaging<Result>(
  folder: string,
  work: (staging: string) => Promise<Result>,
): Promise<Result> {
  const staging = await makeStaging(folder)
  try {
    return await work(staging)
  } finally {
    await rm(staging, { recursive: true, force: true })
  }
}

/**
 * An empty folder that others may read as far as this user's mask lets them; one of `mkdtemp` is its owner's
 * alone.
 */
export async function makeStaging(folder: string): Promise<string> {
  const staging = join(folder, stagingPrefix + randomUUID())
  await mkdir(staging)
  return staging
}

async function makeCache(folder: string): Promise<void> {
  try {
    await makeFolder(folder)
    await access(folder, constants.W_OK)
  } catch (error) {
    throw isDiskFull(error) ? error : unwritable(folder, error)
  }
}

async function clearLeftovers(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (name.startsWith(stagingPrefix)) await rm(join(folder, name), { recursive: true, force: true })
  }
}

const isReadOnly = (error: unknown): boolean =>
  isForbidden(error) || (error as NodeJS.ErrnoException).code === 'EROFS'

const unwritable = (folder: string, error: unknown): UnwritableCacheError =>
  new UnwritableCacheError(
    `${folder} cannot be written (${(error as Error).message}); set M2L_CACHE to a folder that can, ` +
      `and type the command again`,
  )
