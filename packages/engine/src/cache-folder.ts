import { resolve } from 'node:path'
import envPaths from 'env-paths'

/**
 * The folder in which M2L keeps what can be made again - the engine, rendered data sets - for this user and all
 * of his checkouts: `M2L_CACHE` where that is set, else the platform's cache folder (`~/.cache/m2l` on Linux,
 * `~/Library/Caches/m2l` on macOS). It may not exist yet.
 */
export function cacheFolder(): string {
  return process.env.M2L_CACHE ? resolve(process.env.M2L_CACHE) : envPaths('m2l', { suffix: '' }).cache
}
