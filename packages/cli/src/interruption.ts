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

/** The signal that ended work, once one has. */
let endedBy: keyof typeof exitCodes | undefined

/** Milliseconds that the system has for what it reads or writes. */
const patience = 300

/** Ends the process with its exit code, whatever it waits for, where a signal has ended its work. */
export function leaveWhereInterrupted(): void {
  const exitCode = Number(process.exitCode ?? 0)
  if (endedBy !== undefined && exitCode !== 0) leave(endedBy, exitCode)
}

/**
 * Ends the process with 130 or 143, or another exit code, whatever it waits for. Node's own exit waits for
 * the system's reads and writes; where one hangs, as on a network folder that is gone, the signal itself ends
 * the process, which shells tell as the same number.
 */
export function leave(name: keyof typeof exitCodes, exitCode: number = exitCodes[name]): void {
  if (!isReadingOrWriting()) process.exit(exitCode)
  setTimeout(() => {
    if (!isReadingOrWriting()) process.exit(exitCode)
    process.removeAllListeners(name)
    process.kill(process.pid, name)
  }, patience)
}

function isReadingOrWriting(): boolean {
  return process.getActiveResourcesInfo().some((one) => one.startsWith('FSReq'))
}

/** How many interruptions are being watched for. */
let watched = 0

/**
 * Lets Ctrl-C and SIGTERM end the process with a word wherever nothing watches for them, as while the engine
 * loads.
 *
 * @param words the command, to be typed again
 */
export function leaveOnSignals(words: readonly string[]): void {
  const onSignal = (name: keyof typeof exitCodes) => {
    if (watched > 0) return
    process.stderr.write(
      `m2l: interrupted; nothing half-made stays; start again with: ${commandLine(words)}\n`,
    )
    leave(name)
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
    if (controller.signal.aborted) leave(name)
    exitCode = exitCodes[name]
    endedBy = name
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
