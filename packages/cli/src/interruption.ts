import { commandLine } from './shell-words.js'

/** The run was interrupted by a signal, after it saved what it had. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError'
  readonly exitCode: number
  /** Whether the same command, typed again, does the work from its beginning. */
  readonly startsAgain: boolean

  constructor(message: string, exitCode: number, { startsAgain = false } = {}) {
    super(message)
    this.exitCode = exitCode
    this.startsAgain = startsAgain
  }
}

const exitCodes = { SIGINT: 130, SIGTERM: 143 } as const

/** How many interruptions are being watched for. */
let watched = 0

/**
 * Lets Ctrl-C and SIGTERM end the process with a word wherever nothing watches for them, as while the engine loads.
 *
 * @param words the command, to be typed again
 */
export function leaveOnSignals(words: readonly string[]): void {
  const onSignal = (name: keyof typeof exitCodes) => {
    if (watched > 0) return
    process.stderr.write(
      `m2l: interrupted; nothing half-made stays; start again with: ${commandLine(words)}\n`,
    )
    process.exit(exitCodes[name])
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
}

/** A signal that the first Ctrl-C (or SIGTERM) aborts; the second Ctrl-C leaves at once. */
export interface Interruption {
  readonly signal: AbortSignal
  /** 130 or 143 after the signal was aborted. */
  readonly exitCode: number
  /** Lets Ctrl-C end the process again. */
  release(): void
}

/** Whether work failed because it was interrupted, and not by itself after that. */
export function isInterruption(error: unknown, { signal }: Pick<Interruption, 'signal'>): boolean {
  return (
    signal.aborted && (error === signal.reason || (error instanceof Error && error.name === 'AbortError'))
  )
}

/** @param say tells a line to the person who interrupts */
export function watchForInterruption(say: (line: string) => void): Interruption {
  const controller = new AbortController()
  let exitCode = 130
  const onSignal = (name: keyof typeof exitCodes) => {
    if (controller.signal.aborted) process.exit(exitCodes[name])
    exitCode = exitCodes[name]
    const again = name === 'SIGINT' ? 'Ctrl-C again' : 'a second signal'
    say(`stopping after the step under way; ${again} leaves at once`)
    controller.abort()
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  watched++
  return {
    signal: controller.signal,
    get exitCode() {
      return exitCode
    },
    release() {
      watched--
      process.off('SIGINT', onSignal)
      process.off('SIGTERM', onSignal)
    },
  }
}
