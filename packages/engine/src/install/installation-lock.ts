import { lock } from 'proper-lockfile'
import { join } from 'node:path'
import { EngineError } from '../engine-error.js'

/** How long a dead installer's lock is respected; a living one renews it all the time. */
const staleMilliseconds = 5_000
const halfAnHour = { retries: 3600, factor: 1, minTimeout: 500, maxTimeout: 500 }

/**
 * Runs `work` while no other process installs into the same cache. Waits for an installer that is at work already.
 *
 * @param work gets a signal that ends it when `signal` does, or when the lock is lost because this process slept.
 */
export async function withInstallationLock<Result>(
  root: string,
  onProgress: (line: string) => void,
  work: (signal: AbortSignal) => Promise<Result>,
  signal?: AbortSignal,
): Promise<Result> {
  const lost = new AbortController()
  const options = {
    lockfilePath: join(root, '.lock'),
    stale: staleMilliseconds,
    onCompromised: () =>
      lost.abort(
        new EngineError(`the lock on ${root} was lost while this process slept; type the command again`),
      ),
  }
  const release = await lock(root, options).catch((error: unknown) => {
    if (!isLocked(error)) throw error
    onProgress('another process is installing the engine; waiting for it')
    return lock(root, { ...options, retries: halfAnHour })
  })
  try {
    return await work(signal ? AbortSignal.any([signal, lost.signal]) : lost.signal)
  } finally {
    if (!lost.signal.aborted) await release()
  }
}

const isLocked = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ELOCKED'
