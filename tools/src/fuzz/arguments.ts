import { resolve } from 'node:path'
import { InputError } from '@m2l/engine'
import { commonOptions, readWords, wholeNumber } from '../command-line.js'
import { readers } from './readers.js'

export const usage = `usage: npm run fuzz -- [options]

  --runs N           how many inputs in all (default 20000)
  --reader NAME      only this reader; repeat the option for several
  --seed N           of the inputs (default 1)
  --found FOLDER     where inputs go on which a reader fails (default fuzz-findings)
  --replay FILE      reads this file instead, with the one --reader
  --json             one JSON object on standard output
  --help             print this

Readers: ${readers.map(({ name }) => name).join(', ')}.
Exit codes: 0 nothing found, 1 a reader fails on some input, 2 bad input.`

/** What the command line asks for. */
export interface FuzzSettings {
  readonly runs: number
  /** Names; all of them where none are given. */
  readonly readers: readonly string[]
  readonly seed: number
  readonly found: string
  readonly replay?: string
}

/**
 * Reads the words after the program's name.
 *
 * @param start the folder from which files and folders are found
 * @throws {InputError} when an option or a name is unknown, or options do not go together
 */
export function readArguments(
  args: readonly string[],
  start: string,
): FuzzSettings & { readonly json: boolean; readonly help: boolean } {
  const values = parsed(args)
  const names = readers.map(({ name }) => name)
  const unknown = values.reader.find((name) => !names.includes(name))
  if (unknown !== undefined)
    throw new InputError(`--reader ${unknown} is unknown; expected names out of ${names.join(', ')}`)
  if (values.replay !== undefined && values.reader.length !== 1)
    throw new InputError('--replay needs one --reader NAME, which reads the file')
  return {
    runs: values.replay === undefined ? wholeNumber('--runs', values.runs) : 1,
    readers: values.reader.length > 0 ? names.filter((name) => values.reader.includes(name)) : names,
    seed: wholeNumber('--seed', values.seed, 0),
    found: resolve(start, values.found),
    ...(values.replay !== undefined && { replay: resolve(start, values.replay) }),
    json: values.json,
    help: values.help,
  }
}

function parsed(args: readonly string[]) {
  const options = {
    runs: { type: 'string', default: '20000' },
    reader: { type: 'string', multiple: true, default: [] as string[] },
    seed: { type: 'string', default: '1' },
    found: { type: 'string', default: 'fuzz-findings' },
    replay: { type: 'string' },
    ...commonOptions,
  } as const
  return readWords({ args: [...args], options }, 'see npm run fuzz -- --help').values
}
