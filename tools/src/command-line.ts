import { parseArgs, type ParseArgsConfig } from 'node:util'
import { InputError } from '@m2l/engine'
import { leaveOnBrokenPipe } from '@m2l/engine-native'

/** The options that every command has. */
export const commonOptions = {
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const

/**
 * Reads words as Node's `parseArgs` does.
 *
 * @param advice what to look at, after what is wrong
 * @throws {InputError} when an option is unknown or lacks its value, or a word is one too many
 */
export function readWords<const Config extends ParseArgsConfig>(
  config: Config,
  advice: string,
): ReturnType<typeof parseArgs<Config>> {
  try {
    return parseArgs(config)
  } catch (error) {
    throw new InputError(`${(error as Error).message}; ${advice}`, { cause: error })
  }
}

/**
 * The number that an option gives.
 *
 * @param least the smallest that it may be
 * @throws {InputError} when it is none, or below the least or above 999,999,999
 */
export function wholeNumber(option: string, text: string, least = 1): number {
  if (!/^\d{1,9}$/.test(text) || Number(text) < least)
    throw new InputError(`${option} is ${text}; expected a whole number from ${least} to 999999999`)
  return Number(text)
}

/**
 * Runs a command to its end; where it throws an InputError, says so in one line. Where nobody reads any more
 * what it prints, the process ends quietly with exit code 141.
 *
 * @param name of the command, before that line
 * @returns the exit code: the command's own, or 2 for bad input
 */
export async function runCommand(name: string, command: () => Promise<number>): Promise<number> {
  leaveOnBrokenPipe()
  try {
    return await command()
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    process.stderr.write(`${name}: ${error.message}\n`)
    return 2
  }
}
