import { InterruptedError, watchForInterruption } from './interruption.js'
import type { ProgressDisplay } from './terminal/progress-display.js'

/**
 * Does work that Ctrl-C or SIGTERM ends cleanly; the person is told what is left and how to start it again.
 *
 * @param left what is there afterwards, as the end of a sentence that begins with "interrupted;"
 * @throws {InterruptedError} when it was interrupted
 */
export async function interruptible<Result>(
  display: ProgressDisplay,
  left: string,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const interruption = watchForInterruption(display.say)
  try {
    return await work(interruption.signal)
  } catch (error) {
    if (!interruption.signal.aborted) throw error
    throw new InterruptedError(`interrupted; ${left}`, interruption.exitCode, { startsAgain: true })
  } finally {
    display.close()
    interruption.release()
  }
}
