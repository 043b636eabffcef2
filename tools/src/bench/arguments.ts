import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import fastGlob from 'fast-glob'
import { InputError } from '@m2l/engine'
import { commonOptions, readWords, wholeNumber } from '../command-line.js'
import type { BenchSettings } from './measure.js'
import type { Peer } from './peer.js'
import { needsData, precisionsOf, workNames, works, type Precision, type WorkName } from './work.js'

export const usage =
  'usage: npm run bench -- [--work NAME…] [--precision NAME] [--data FOLDER] ' +
  '[--peer PYTHON [--peer-script FILE] [--no-compile]] [--rounds 3] [--repeats 5] [--threads N] [--quick] [--json] [--help]'

/**
 * What the command line asks for.
 *
 * @param args the words after the program's name
 * @param start the folder from which files and folders are found
 * @throws {InputError} when an option or a name is unknown, or options do not go together
 */
export function readArguments(
  args: readonly string[],
  start: string,
): (BenchSettings & { readonly json: boolean }) | 'help' {
  const { values, positionals } = parsed(args)
  if (values.help) return 'help'
  const { data, peer, quick, json } = values
  if (positionals.length > 0 && !values.work) throw new InputError(`${positionals[0]} is no option; ${usage}`)
  const named = chosen('--work', [...(values.work ?? []), ...positionals], workNames)
  const precisions = chosen('--precision', values.precision ?? precisionNames, precisionNames)
  const withoutData = named.find(needsData)
  if (data === undefined && withoutData)
    throw new InputError(`${withoutData} needs --data FOLDER, a folder of class folders`)
  if (quick && peer !== undefined)
    throw new InputError('--quick makes works too small to compare with; leave out --peer or --quick')
  const measured = (name: WorkName) => precisionsOf(name).some((precision) => precisions.includes(precision))
  const unmeasured = named.find((name) => !measured(name))
  if (unmeasured)
    throw new InputError(
      `${unmeasured} is measured in ${precisionsOf(unmeasured).join(', ')} only; see --precision`,
    )
  const possible = workNames.filter((name) => measured(name) && (data !== undefined || !needsData(name)))
  if (possible.length === 0)
    throw new InputError(`what is measured in ${precisions.join(', ')} needs --data FOLDER`)
  return {
    works: named.length > 0 ? named : possible,
    precisions,
    rounds: wholeNumber('--rounds', values.rounds),
    repeats: wholeNumber('--repeats', values.repeats),
    threads: values.threads === undefined ? availableParallelism() : wholeNumber('--threads', values.threads),
    ...(data !== undefined && { data: resolve(start, data) }),
    ...peerOf(peer, values['peer-script'], start),
    compile: !values['no-compile'],
    quick,
    json,
  }
}

const precisionNames: readonly Precision[] = [
  ...new Set(Object.values(works).flatMap(({ precisions }) => precisions)),
]

function parsed(args: readonly string[]) {
  const options = {
    work: { type: 'string', multiple: true },
    precision: { type: 'string', multiple: true },
    data: { type: 'string' },
    peer: { type: 'string' },
    'peer-script': { type: 'string' },
    'no-compile': { type: 'boolean', default: false },
    rounds: { type: 'string', default: '3' },
    repeats: { type: 'string', default: '5' },
    threads: { type: 'string' },
    quick: { type: 'boolean', default: false },
    ...commonOptions,
  } as const
  return readWords({ args: [...args], options, allowPositionals: true }, usage)
}

/** PYTHON may also be found on the path. */
function peerOf(python: string | undefined, script: string | undefined, start: string): { peer?: Peer } {
  if (python === undefined) {
    if (script !== undefined)
      throw new InputError('--peer-script needs --peer PYTHON, the program that runs it')
    return {}
  }
  return {
    peer: {
      python: python.includes('/') ? resolve(start, python) : python,
      script: resolve(start, script ?? usualScript(start)),
    },
  }
}

/** `peer_torch.py` where the command is called, or in the folder `bench` of a folder beside that one. */
function usualScript(start: string): string {
  const name = 'peer_torch.py'
  const [beside] = fastGlob.sync(`../*/bench/${name}`, { cwd: start }).toSorted()
  return existsSync(resolve(start, name)) ? name : (beside ?? name)
}

/** The names that were given, each once, in the order in which they are known. */
function chosen<Name extends string>(
  option: string,
  given: readonly string[],
  known: readonly Name[],
): Name[] {
  const unknown = given.find((name) => !known.some((one) => one === name))
  if (unknown !== undefined)
    throw new InputError(`${option} ${unknown} is unknown; expected names out of ${known.join(', ')}`)
  return known.filter((name) => given.includes(name))
}
