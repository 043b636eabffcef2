import { InputError } from '@m2l/engine'
import { InstallationError, UnwritableCacheError } from '@m2l/engine-native'
import { fetchWeights } from './fetched/fetch-weights.js'
import { fetchedWeights } from './fetched/fetched-weights.js'
import { fetchableNames, shippedNames } from '@m2l/weights'

/** The name by which a person asks for what the examples choose. */
export const automatic = 'auto'

/** The best weights for photographs that can be fetched without asking for much: 17 MB. */
export const photographWeights = 'efficientnet-lite0'

/** How weights are looked for. */
export interface WeightsAtHandOptions {
  /** Told what a person should know, a line each. */
  readonly onNote?: (line: string) => void
  readonly signal?: AbortSignal
}

/**
 * The names of all weights that can be used now, those for photographs first: what has been fetched, and what
 * is shipped. Where nothing has been fetched, the best for photographs are, unless the environment variable
 * `M2L_OFFLINE` is 1; where they cannot be, it is said what that costs.
 */
export async function weightsAtHand({ onNote = () => {}, signal }: WeightsAtHandOptions = {}): Promise<
  string[]
> {
  const { weights, damaged } = fetchedWeights()
  for (const { name, damage } of damaged) onNote(`${name} in the cache cannot be used: ${damage}`)
  const fetched = weights.map(({ name }) => name)
  if (fetched.length > 0) return [...fetched, ...shippedNames]
  return [...(await fetchedNow(onNote, signal)), ...shippedNames]
}

/**
 * Fetches weights that must be these, where they are not in the cache and can be fetched; does nothing for
 * others.
 *
 * @param said what stands before their name in messages
 * @throws {InputError} when they would have to be fetched and the environment variable `M2L_OFFLINE` is 1
 * @throws {InstallationError} when they cannot be fetched
 */
export async function bringNamed(
  name: string,
  said: string,
  { onNote = () => {}, signal }: WeightsAtHandOptions = {},
): Promise<void> {
  if (!fetchableNames.includes(name)) return
  if (fetchedWeights().weights.some((one) => one.name === name)) return
  if (process.env.M2L_OFFLINE === '1') {
    throw new InputError(
      `${said}${name}, which are not fetched, since M2L_OFFLINE is 1; fetch them with npx m2l weights get ${name}`,
    )
  }
  await fetchWeights(name, { onNote, signal })
}

async function fetchedNow(
  onNote: (line: string) => void,
  signal: AbortSignal | undefined,
): Promise<string[]> {
  // Measured with `npm run own-pictures` on flowers89, 20 draws.
  const cost =
    'so the shipped, smaller networks answer: of photographs of ten kinds of flowers, by five examples of each, 27 in 100 are wrong instead of 7'
  if (process.env.M2L_OFFLINE === '1') {
    onNote(`${photographWeights} is not fetched, since M2L_OFFLINE is 1, ${cost}`)
    return []
  }
  try {
    await fetchWeights(photographWeights, { onNote, signal })
    return [photographWeights]
  } catch (error) {
    const isMissing = error instanceof InstallationError || error instanceof UnwritableCacheError
    if (!isMissing || signal?.aborted) throw error
    onNote(`${error.message}; ${cost}`)
    return []
  }
}
