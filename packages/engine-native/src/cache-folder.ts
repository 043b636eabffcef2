import { homedir } from 'node:os'
import { isAbsolute, join, resolve } from 'node:path'
import { InputError } from '@m2l/engine/messages'

/**
 * The folder in which M2L keeps what can be made again - the engine, rendered data sets - for this user and
 * all of his checkouts: `M2L_CACHE` where that is set, else the platform's cache folder (`~/.cache/m2l` on
 * Linux or what `XDG_CACHE_HOME` names instead of `~/.cache`, `~/Library/Caches/m2l` on macOS,
 * `%LOCALAPPDATA%\m2l\Cache` on Windows). It may not exist yet.
 *
 * @throws {InputError} there is no such folder, as where a user without a home runs a container.
 */
export function cacheFolder(): string {
  if (process.env.M2L_CACHE) return resolve(process.env.M2L_CACHE)
  if (process.platform === 'darwin') return join(home(), 'Library', 'Caches', 'm2l')
  if (process.platform === 'win32') {
    return join(process.env.LOCALAPPDATA || join(home(), 'AppData', 'Local'), 'm2l', 'Cache')
  }
  const { XDG_CACHE_HOME: caches = '' } = process.env
  // The standard has relative paths ignored.
  return join(isAbsolute(caches) ? caches : join(home(), '.cache'), 'm2l')
}

function home(): string {
  const folder = homeOrNothing()
  if (isAbsolute(folder)) return folder
  throw new InputError(
    'this user has no home folder, in which the cache would be kept; set M2L_CACHE to a folder for it',
    { code: 'file' },
  )
}

/**
 * Node.js throws for a user whom the system does not know, such as the number that a container is run with.
 */
function homeOrNothing(): string {
  try {
    return homedir()
  } catch {
    return ''
  }
}
