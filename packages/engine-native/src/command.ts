import { parseArgs } from 'node:util'
import { InstallationError } from './fetch/installation-error.js'
import { InputError } from '@m2l/engine/messages'
import { installEngine } from './install/install-engine.js'
import type { EngineStatus } from '@m2l/engine'

const usage = (program: string): string => `Usage: ${program} <command> [options]

  install           bring the native engine into the per-user cache; does nothing if it is there
    --gpu           TensorFlow with CUDA (Linux on x86-64)
    --python FILE   the Python 3 that has pip, or a TensorFlow (default: python3)
    --verify        compare the content of every file, and repair what has changed
    --optional      warn and end well where the engine cannot be installed
  status            tell which engine computes, and why
  --json            print one JSON object on standard output and nothing else
  --quiet           print no progress
  --help            print this

Examples:
  ${program} install
  ${program} status --json

M2L_CACHE is the cache's folder. Exit codes: 0 done, 1 failed, 2 bad input.`

const print = (text: string): boolean => process.stdout.write(`${text}\n`)
const complain = (text: string): boolean => process.stderr.write(`${text}\n`)

/**
 * Runs the engine's command line: `install` or `status`.
 *
 * @param args the words after the program's name.
 * @param program the name to show in the usage text, such as `m2l engine`.
 * @param options.signal ends an installation; its reason is then thrown.
 * @returns the exit code: 0 done, 1 failed, 2 bad input. Messages have been printed.
 */
export async function runEngineCommand(
  args: readonly string[],
  program: string,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<number> {
  try {
    const { values, positionals } = parse(args)
    const [command, ...rest] = positionals
    if (values.help || command === undefined) {
      print(usage(program))
      return values.help ? 0 : 2
    }
    if (rest.length > 0)
      throw new InputError(`${rest[0]} was not expected after ${command}`, { code: 'option' })
    if (command === 'install') await install(values, signal)
    else if (command === 'status') await status(values.json)
    else
      throw new InputError(`${command} is no command; expected install or status (see ${program} --help)`, {
        code: 'option',
      })
    return 0
  } catch (error) {
    if (signal?.aborted || !(error instanceof InputError || error instanceof InstallationError)) throw error
    complain(`${program}: ${error.message}`)
    return error instanceof InputError ? 2 : 1
  }
}

type Options = ReturnType<typeof parse>['values']

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        gpu: { type: 'boolean', default: false },
        python: { type: 'string' },
        verify: { type: 'boolean', default: false },
        optional: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        quiet: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
  } catch (error) {
    throw new InputError((error as Error).message, { code: 'option' })
  }
}

async function install(
  { gpu, python, verify, optional, json, quiet }: Options,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    const engine = await installEngine({
      gpu,
      verify,
      ...(python === undefined ? {} : { python }),
      ...(!quiet && { onProgress: complain }),
      ...(signal && { signal }),
    })
    const state = engine.alreadyThere ? 'is there' : 'is installed'
    print(
      json
        ? JSON.stringify(engine)
        : `TensorFlow ${engine.tensorflowVersion} ${state}, from the ${engine.source} ${engine.origin}: ` +
            engine.bindingPath,
    )
  } catch (error) {
    if (signal?.aborted || !optional || !(error instanceof InstallationError || error instanceof InputError))
      throw error
    complain(`the native engine was not installed: ${error.message}`)
    if (json) print('null')
  }
}

async function status(json: boolean): Promise<void> {
  // TensorFlow.js takes most of a second to load, and `install` needs none of it.
  const [{ engineStatus }] = await Promise.all([import('@m2l/engine'), import('./register.js')])
  const engine = await engineStatus()
  print(json ? JSON.stringify(engine) : describe(engine))
}

function describe({
  backend,
  tensorflowVersion,
  device,
  threads,
  libraryPath,
  source,
  why,
}: EngineStatus): string {
  const remedy = backend === 'tensorflow' ? [] : ['faster   npx m2l-engine install']
  return [
    `engine   ${backend === 'tensorflow' ? `TensorFlow ${tensorflowVersion}` : `TensorFlow.js ${backend}`}`,
    `device   ${device}`,
    `threads  ${threads}`,
    `library  ${libraryPath ?? 'none'}`,
    `source   ${source}`,
    `why      ${why}`,
    ...remedy,
  ].join('\n')
}
