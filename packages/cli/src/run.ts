import { CommanderError } from 'commander'
import { checkWords } from './check-words.js'
import { createProgram } from './program.js'
import { asTyped } from './program-name.js'
import { InterruptedError } from './interruption.js'
import { commandLine } from './shell-words.js'

/**
 * Runs the `m2l` command.
 *
 * @param args the words after the program's name
 * @returns the exit code: 0 done, 1 failed, 2 bad input, 130 or 143 interrupted; messages have been printed
 */
export async function run(args: readonly string[]): Promise<number> {
  try {
    const program = createProgram()
    if (args[0] !== 'complete-words') checkWords(program, args)
    await program.parseAsync([...args], { from: 'user' })
    return Number(process.exitCode ?? 0)
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    if (error instanceof InterruptedError) {
      const again = error.startsAgain ? `; start again with: ${commandLine(args)}` : ''
      return complain(`${error.message}${again}`, error.exitCode)
    }
    return complainOf(error)
  }
}

/**
 * What was done wrong or what the machine lacks fits in one line; a mistake of the program comes with its
 * stack.
 */
async function complainOf(error: unknown): Promise<number> {
  const { InputError } = await import('@m2l/engine')
  const { InstallationError } = await import('@m2l/engine-native')
  if (error instanceof InputError) return complain(inOneLine(error.message), 2)
  if (error instanceof InstallationError) return complain(inOneLine(error.message), 1)
  if (error instanceof Error && error.name === 'NonFiniteError') return complain(inOneLine(error.message), 1)
  if (isSystemError(error)) return complain(inOneLine(error.message), 1)
  return complain(error instanceof Error ? (error.stack ?? error.message) : String(error), 1)
}

/** What the operating system refuses, such as a write to a full disk. */
function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error && 'code' in error
}

function inOneLine(message: string): string {
  return message.replaceAll(/\s*\n\s*/g, ' ')
}

function complain(message: string, exitCode: number): number {
  process.stderr.write(`m2l: ${asTyped(message)}\n`)
  return exitCode
}
