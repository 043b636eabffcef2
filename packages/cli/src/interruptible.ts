import { InterruptedError, watchForInterruption } from './interruption.js'
import type { ProgressDisplay } from './terminal/progress-display.js'

/** Milliseconds that work has to end by itself after it was interrupted. */
const patience = 5000

/**
 * Does work that Ctrl-C or SIGTERM ends cleanly; the person is told what is left and how to start it again.
 * Work that goes on regardless, such as a read that the system does not answer, is left alone after five
 * seconds.
 *
 * @param left what is there afterwards, as the end of a sentence that begins with "interrupted;", or tells it
 *   when it is known
 * @param exitCode the exit code, where it is another than that of the signal
 * @throws {InterruptedError} when it was interrupted
 */
export async function interruptible<Result>(
  display: ProgressDisplay,
  left: string | (() => string),
  work: (signal: AbortSignal) => Promise<Result>,
  { exitCode }: { readonly exitCode?: () => number | undefined } = {},
): Promise<Result> {
  const interruption = watchForInterruption(display.say)
  const late = lateAfter(interruption.signal)
  try {
    return await Promise.race([work(interruption.signal), late.promise])
  } catch (error) {
    if (!interruption.signal.aborted) throw error
    const rest = typeof left === 'string' ? left : left()
    const code = exitCode?.() ?? interruption.exitCode
    throw new InterruptedError(`interrupted; ${rest}`, code, { startsAgain: true })
  } finally {
    late.cancel()
    display.close()
    interruption.release()
  }
}

/** Rejects some time after a signal. */
function lateAfter(signal: AbortSignal): { promise: Promise<never>; cancel: () => void } {
  let timer: NodeJS.Timeout | undefined
  const promise = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => {
      timer = setTimeout(() => reject(signal.reason as Error), patience)
    })
  })
  promise.catch(() => {})
  return { promise, cancel: () => clearTimeout(timer) }
}
