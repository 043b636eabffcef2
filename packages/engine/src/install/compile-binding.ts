import { cp, mkdir, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { EngineError } from '../engine-error.js'
import { addKernels } from './added-kernels.js'
import { DiskFullError, saysDiskFull } from './disk-space.js'
import { bindingFile, kernelsFile } from './engine-cache.js'
import { findNodeHeaders } from './node-headers.js'
import { addQuietStart } from './quiet-start.js'
import { runCommand } from './run-command.js'

const require = createRequire(import.meta.url)

export interface Compilation {
  /** Holds `deps/include` and `deps/lib`; the build happens here. */
  readonly workFolder: string
  /** Where the binding goes, two levels below `workFolder`. */
  readonly outputFolder: string
  /** Where the compiler's log is kept if it fails. */
  readonly logFile: string
  readonly python: string
  readonly signal?: AbortSignal | undefined
}

/**
 * Compiles tfjs-node's binding against a libtensorflow with node-gyp and loads it once in a process of its own.
 *
 * @throws {EngineError} it does not compile or does not load.
 */
export async function compileBinding(compilation: Compilation): Promise<void> {
  const { workFolder, outputFolder, logFile, python, signal } = compilation
  const sources = dirname(require.resolve('@tensorflow/tfjs-node-gpu/package.json'))
  for (const name of ['binding', 'binding.gyp', 'package.json']) {
    await cp(join(sources, name), join(workFolder, name), { recursive: true })
  }
  await mkdir(outputFolder, { recursive: true })
  const nodeHeaders = await findNodeHeaders(join(workFolder, 'node'))
  const quietStart = await addQuietStart(workFolder)
  const kernels = await addKernels(workFolder)
  const { code, output } = await runCommand(
    process.execPath,
    [
      require.resolve('node-gyp/bin/node-gyp.js'),
      'rebuild',
      '--module_name=tfjs_binding',
      `--module_path=${outputFolder}`,
      '--napi_build_version=8',
      `--nodedir=${nodeHeaders}`,
      '--',
      ...quietStart,
      ...kernels.gyp,
    ],
    { cwd: workFolder, env: compilerEnvironment(python), signal },
  )
  signal?.throwIfAborted()
  if (code !== 0) throw await explainFailure('could not be compiled', output, logFile)
  if (kernels.module !== undefined) await cp(kernels.module, join(outputFolder, kernelsFile))

  const modules = [bindingFile, ...(kernels.module === undefined ? [] : [kernelsFile])]
  const trial = await runCommand(
    process.execPath,
    ['-e', 'process.argv.slice(1).forEach(require)', ...modules.map((name) => join(outputFolder, name))],
    {
      env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: '2' },
      signal,
    },
  )
  if (trial.code !== 0) throw await explainFailure('does not load', trial.output, logFile)
}

function compilerEnvironment(python: string): NodeJS.ProcessEnv {
  const environment: NodeJS.ProcessEnv = { ...process.env, NODE_GYP_FORCE_PYTHON: python }
  if (process.platform === 'darwin') {
    environment.LDFLAGS = `${process.env.LDFLAGS ?? ''} -Wl,-rpath,@loader_path/../../deps/lib`.trim()
  }
  return environment
}

async function explainFailure(what: string, output: string, logFile: string): Promise<Error> {
  if (saysDiskFull(output)) return new DiskFullError()
  await writeFile(logFile, output)
  const lines = output.split('\n').map((line) => line.trim())
  const reason =
    lines.find((line) => /error:/i.test(line)) ?? lines.findLast((line) => line !== '') ?? 'no output'
  return new EngineError(
    `the binding between Node.js and TensorFlow ${what}: ${reason.slice(0, 300)}; the whole log is ${logFile}`,
  )
}
