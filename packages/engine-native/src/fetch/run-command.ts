import { spawn } from 'node:child_process'

/** What a finished program left behind. */
export interface CommandResult {
  /** Exit code; `null` where the program does not exist or was ended by a signal. */
  readonly code: number | null
  readonly stdout: string
  /** Standard output and standard error in the order in which they came. */
  readonly output: string
}

export interface CommandOptions {
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
  readonly signal?: AbortSignal | undefined
}

/**
 * Runs a program without a shell and waits for it. It does not throw for a program that is missing or fails;
 * that is for the caller to tell in his own words.
 *
 * @throws the signal's reason, where `signal` ended the program.
 */
export async function runCommand(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  options.signal?.throwIfAborted()
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
    let stdout = ''
    let output = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
      output += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
    child.once('error', (error) => {
      if (options.signal?.aborted) reject(options.signal.reason)
      else resolve({ code: null, stdout, output: `${output}${error.message}\n` })
    })
    child.once('close', (code) => resolve({ code, stdout, output }))
  })
}

/** Whether a program can be started and ends well. */
export async function commandWorks(command: string, ...args: readonly string[]): Promise<boolean> {
  return (await runCommand(command, args)).code === 0
}
