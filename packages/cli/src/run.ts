import { CommanderError } from 'commander'
import { EngineError, InputError } from '@m2l/engine'
import { createProgram } from './program.js'
import { InterruptedError } from './interruption.js'

/** Exit codes: 0 done, 1 failed, 2 bad input, 130 or 143 interrupted. */
export async function run(args: readonly string[]): Promise<number> {
  try {
    await createProgram().parseAsync([...args], { from: 'user' })
    return Number(process.exitCode ?? 0)
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    if (error instanceof InterruptedError) return complain(error.message, error.exitCode)
    if (error instanceof InputError) return complain(`m2l: ${error.message}`, 2)
    if (error instanceof EngineError) return complain(`m2l: ${error.message}`, 1)
    return complain(`m2l: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`, 1)
  }
}

function complain(message: string, exitCode: number): number {
  process.stderr.write(`${message}\n`)
  return exitCode
}
