import { mkdir, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { InstallationError } from '../fetch/installation-error.js'
import { compileModule, type NativeModule } from './compiler.js'
import { DiskFullError, saysDiskFull } from '../fetch/disk-space.js'
import { bindingFile, kernelsFile } from './engine-cache.js'
import { quietStart } from './quiet-start.js'
import { runCommand } from '../fetch/run-command.js'
import { toolEnvironment } from '../fetch/tool-environment.js'

const require = createRequire(import.meta.url)
const nodeApi = dirname(require.resolve('node-api-headers/package.json'))
const kernels = fileURLToPath(new URL('../../binding/kernels.cc', import.meta.url))

export interface Compilation {
  /** The package tfjs-node, whose folder `binding` holds the sources. */
  readonly tfjsNode: string
  /** Holds `deps/include` and `deps/lib`; what the compiler makes on the way lies here. */
  readonly workFolder: string
  /** Where the binding goes, two levels below `workFolder`. */
  readonly outputFolder: string
  /** Where the compiler's log is kept if it fails. */
  readonly logFile: string
  readonly signal?: AbortSignal | undefined
}

/**
 * Compiles tfjs-node's binding and, on Linux, a module with operations of our own against a libtensorflow,
 * and loads them once in a process of its own. Elsewhere these operations are composed of TensorFlow's.
 *
 * @throws {InstallationError} they do not compile or do not load.
 */
export async function compileBinding({
  tfjsNode,
  workFolder,
  outputFolder,
  logFile,
  signal,
}: Compilation): Promise<void> {
  const libraries = join(workFolder, 'deps', 'lib')
  const common = {
    includes: [join(nodeApi, 'include'), join(workFolder, 'deps', 'include')],
    libraries,
  }
  const { linking, ...quiet } = await quietStart(libraries)
  const sources = ['tfjs_backend.cc', 'tfjs_binding.cc'].map((name) => join(tfjsNode, 'binding', name))
  const modules: NativeModule[] = [
    {
      ...common,
      sources: [...sources, ...quiet.sources],
      defines: quiet.defines,
      compiling: [],
      linking,
      output: join(outputFolder, bindingFile),
    },
  ]
  if (process.platform === 'linux') {
    modules.push({
      ...common,
      sources: [kernels],
      // Leaves out a header that is not among those of the C API.
      defines: ['IS_SLIM_BUILD'],
      // Without fused multiply-adds the bits are those of TensorFlow's operations one by one.
      compiling: ['-ffp-contract=off'],
      linking: [],
      output: join(outputFolder, kernelsFile),
    })
  }

  const env = await toolEnvironment(workFolder)
  const results = await Promise.all(
    modules.map(async (module, index) => {
      const objects = join(workFolder, `objects-${index}`)
      await mkdir(objects)
      return compileModule(module, objects, { env, signal })
    }),
  )
  signal?.throwIfAborted()
  const failed = results.find(({ isMade }) => !isMade)
  if (failed) throw await explainFailure('could not be compiled', failed.output, logFile)

  const trial = await runCommand(
    process.execPath,
    ['-e', 'process.argv.slice(1).forEach(require)', ...modules.map(({ output }) => output)],
    { env: { ...env, TF_CPP_MIN_LOG_LEVEL: '2' }, signal },
  )
  if (trial.code !== 0) throw await explainFailure('does not load', trial.output, logFile)
}

async function explainFailure(what: string, output: string, logFile: string): Promise<Error> {
  if (saysDiskFull(output)) return new DiskFullError()
  await writeFile(logFile, output)
  const lines = output.split('\n').map((line) => line.trim())
  const reason =
    lines.find((line) => /error:/i.test(line)) ?? lines.findLast((line) => line !== '') ?? 'no output'
  const remedy = /failed to map segment/.test(reason)
    ? 'nothing on that disk may be executed (it is mounted with noexec); set M2L_CACHE to a folder on another'
    : `the whole log is ${logFile}`
  return new InstallationError(
    `the binding between Node.js and TensorFlow ${what}: ${reason.slice(0, 300)}; ${remedy}`,
  )
}
