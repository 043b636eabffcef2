import { createHash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { count, InputError } from '@m2l/engine'
import { cacheFolder } from '@m2l/engine-native'
import { conversion, fetchedCardSchema, type FetchedCard } from './fetched-card.js'
import { fetchableWeights, type FetchableWeights } from '@m2l/weights'

/** Weights that were fetched: their card, and the file. */
export interface FetchedWeights extends FetchedCard {
  readonly file: string
}

/** What the cache holds of weights. */
export interface CachedWeights {
  readonly found?: FetchedWeights
  /** What is wrong with weights that are there but cannot be used. */
  readonly damage?: string
}

/**
 * The folder of fetched weights in a cache: `NAME.safetensors` and its card `NAME.json`, which is written
 * last, so that weights with a card are whole.
 */
export function weightsFolder(cache: string): string {
  return join(cache, 'weights')
}

/** The names of the two files. */
export const weightsName = (name: string): string => `${name}.safetensors`
export const cardName = (name: string): string => `${name}.json`

/**
 * The weights that have been fetched. Their content is compared with their cards; what is damaged is named,
 * and not among them. There are none where there is no folder for a cache.
 */
export function fetchedWeights(): {
  readonly weights: readonly FetchedWeights[]
  readonly damaged: readonly { readonly name: string; readonly damage: string }[]
} {
  const cache = cacheOrNothing()
  const cached = fetchableWeights.map((weights) => ({
    name: weights.name,
    ...(cache !== undefined && findFetched(weights, cache)),
  }))
  return {
    weights: cached.flatMap(({ found }) => found ?? []),
    damaged: cached.flatMap(({ name, damage }) => (damage === undefined ? [] : [{ name, damage }])),
  }
}

/**
 * The file of fetched weights.
 *
 * @param said what stands before their name in messages
 * @throws {InputError} when they are damaged or have not been fetched yet
 */
export function requireFetched(name: string, said = ''): string {
  const weights = fetchableWeights.find((one) => one.name === name)!
  const { found, damage } = findFetched(weights, cacheFolder())
  if (found) return found.file
  throw new InputError(`${said}${name}: ${damage ?? 'is not fetched yet'}; run npx m2l weights get ${name}`)
}

/** Looks for weights in a cache, and compares their content with their card. */
export function findFetched({ name, origin }: FetchableWeights, cache: string): CachedWeights {
  const folder = weightsFolder(cache)
  const [file, cardFile] = [join(folder, weightsName(name)), join(folder, cardName(name))]
  try {
    const text = readFileSync(cardFile, 'utf8')
    const card = fetchedCardSchema.safeParse(parsedOrNothing(text)).data
    if (!card) return { damage: `${cardFile} is no card of weights that this version knows` }
    if (card.conversion !== conversion || card.origin.sha256 !== origin.sha256) {
      return { damage: `${cardFile} was made by another version of this program` }
    }
    const damage = damageOf(file, card)
    return damage === undefined ? { found: { ...card, file } } : { damage }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return code === 'ENOENT' || code === 'ENOTDIR'
      ? {}
      : { damage: `${cardFile} cannot be read (${(error as Error).message})` }
  }
}

function parsedOrNothing(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function damageOf(file: string, { bytes, sha256 }: FetchedCard): string | undefined {
  try {
    const { size } = statSync(file)
    if (size !== bytes) return `${file} has ${count(size, 'byte')} instead of ${bytes}`
    return hashOf(file) === sha256 ? undefined : `${file} has changed`
  } catch (error) {
    return `${file} cannot be read (${(error as Error).message})`
  }
}

/** Hashes of files that have been read by this process, by path and by what changes with a file. */
const hashes = new Map<string, string>()

function hashOf(file: string): string {
  const { size, mtimeMs, ctimeMs, ino } = statSync(file)
  const key = JSON.stringify([file, size, mtimeMs, ctimeMs, ino])
  const known = hashes.get(key)
  if (known !== undefined) return known
  const hash = createHash('sha256').update(readFileSync(file)).digest('hex')
  hashes.set(key, hash)
  return hash
}

function cacheOrNothing(): string | undefined {
  try {
    return cacheFolder()
  } catch (error) {
    if (error instanceof InputError) return undefined
    throw error
  }
}
