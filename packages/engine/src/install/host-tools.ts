import { EngineError } from '../engine-error.js'
import { compilerCommand } from './compiler.js'
import { findNpm } from './npm.js'
import { commandWorks } from './run-command.js'

/**
 * Looks, before anything is fetched, for what fetches the binding's sources and compiles them.
 *
 * @throws {EngineError} npm, the C++ compiler or glibc is missing.
 */
export async function assertBindingTools(): Promise<void> {
  assertGlibc()
  await assertCompiler()
  await findNpm()
}

async function assertCompiler(): Promise<void> {
  const [compiler] = compilerCommand()
  if (await commandWorks(compiler, '--version')) return
  const install =
    process.platform === 'darwin'
      ? 'type xcode-select --install'
      : 'install it (on Debian or Ubuntu: sudo apt-get install g++)'
  throw new EngineError(
    `${compiler} is missing: a C++ compiler builds the binding between Node.js and TensorFlow; ${install} ` +
      `and type the command again`,
  )
}

/** @throws {EngineError} Python is missing. */
export async function assertPython(python: string): Promise<void> {
  if (await commandWorks(python, '--version')) return
  throw new EngineError(
    `${python} is missing: Python 3 fetches TensorFlow; install it (on Debian or Ubuntu: ` +
      `sudo apt-get install python3 python3-pip) or name another with --python, and type the command again`,
  )
}

/** TensorFlow is built for glibc; Alpine Linux has another C library. */
function assertGlibc(): void {
  if (process.platform !== 'linux') return
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } }
  if (header.glibcVersionRuntime) return
  throw new EngineError(
    'TensorFlow is built for glibc and this Linux has another C library (musl on Alpine); use a system with glibc',
  )
}
