import { InputError } from '@m2l/engine'
import { loadWeights, shippedNames } from '@m2l/weights'
import type { Origin } from '../candidate.js'

/** Weights: the name of shipped ones, the bytes of a checkpoint of ours, or where it is fetched from. */
export type WeightsSource = string | Uint8Array | URL

/** The bytes of weights, and what messages call them. */
export interface ReadWeights {
  readonly bytes: Uint8Array
  readonly name: string
  /** What they are found by later; nothing where they were given as bytes. */
  readonly origin: Pick<Origin, 'weights'>
}

/**
 * Reads weights.
 *
 * @throws {InputError} when there are none of this name, or they cannot be fetched
 */
export async function readWeights(source: WeightsSource): Promise<ReadWeights> {
  if (source instanceof Uint8Array) return { bytes: source, name: 'the weights', origin: {} }
  const address = addressOf(source)
  if (address) return found(await fetched(address), address.href)
  if (typeof source === 'string') return found(await loadWeights(source), source)
  throw new InputError(
    `the weights are given as ${typeof source}; give a shipped name (${shippedNames.join(', ')}), bytes or a URL`,
  )
}

function found(bytes: Uint8Array, weights: string): ReadWeights {
  return { bytes, name: weights, origin: { weights } }
}

function addressOf(source: unknown): URL | undefined {
  if (source instanceof URL) return source
  return typeof source === 'string' && /^https?:\/\//.test(source) ? new URL(source) : undefined
}

async function fetched(address: URL): Promise<Uint8Array> {
  let problem: string
  try {
    const response = await fetch(address)
    if (response.ok) return new Uint8Array(await response.arrayBuffer())
    problem = `the server answers ${response.status}`
  } catch (error) {
    problem = (error as Error).message
  }
  throw new InputError(`${address.href}: the weights cannot be fetched (${problem}); name where they are`)
}
