import { InstallationError } from '../fetch/installation-error.js'
import { compilerCommand } from './compiler.js'
import { findNpm } from './npm.js'
import { commandWorks } from '../fetch/run-command.js'

/**
 * Looks, before anything is fetched, for what fetches the binding's sources and compiles them.
 *
 * @throws {InstallationError} npm, the C++ compiler or glibc is missing.
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
  throw new InstallationError(
    `${compiler} is missing: a C++ compiler builds the binding between Node.js and TensorFlow; ${install} ` +
      `and type the command again`,
  )
}

/** TensorFlow is built for glibc; Alpine Linux has another C library. */
function assertGlibc(): void {
  if (process.platform !== 'linux') return
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } }
  if (header.glibcVersionRuntime) return
  throw new InstallationError(
    'TensorFlow is built for glibc and this Linux has another C library (musl on Alpine); use a system with glibc',
  )
}
