import { lock } from 'proper-lockfile'
import { join } from 'node:path'
import { InstallationError } from './installation-error.js'

/** How long a dead installer's lock is respected; a living one renews it all the time. */
const staleMilliseconds = 5_000
const halfAnHour = { retries: 3600, factor: 1, minTimeout: 500, maxTimeout: 500 }

/**
 * Runs `work` while no other process installs into the same folder of the cache. Waits for an installer that
 * is at work already.
 *
 * @param work gets a signal that ends it when `signal` does, or when the lock is lost because this process
 *   slept.
 */
export async function withCacheLock<Result>(
  folder: string,
  onProgress: (line: string) => void,
  work: (signal: AbortSignal) => Promise<Result>,
  signal?: AbortSignal,
): Promise<Result> {
  const lost = new AbortController()
  const options = {
    lockfilePath: join(folder, '.lock'),
    stale: staleMilliseconds,
    onCompromised: () =>
      lost.abort(
        new InstallationError(
          `the lock on ${folder} was lost while this process slept; type the command again`,
        ),
      ),
  }
  const release = await lock(folder, options).catch((error: unknown) => {
    if (!isLocked(error)) throw error
    onProgress(`another process is installing into ${folder}; waiting for it`)
    return lock(folder, { ...options, retries: halfAnHour })
  })
  try {
    return await work(signal ? AbortSignal.any([signal, lost.signal]) : lost.signal)
  } finally {
    if (!lost.signal.aborted) await release()
  }
}

const isLocked = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ELOCKED'
