import { EngineError } from '../engine-error.js'
import { commandWorks } from './run-command.js'

const isMac = process.platform === 'darwin'

/**
 * Looks for everything that an installation will need of this machine before it fetches anything.
 *
 * @throws {EngineError} the C++ compiler, make, Python or glibc is missing.
 */
export async function assertTools(python: string): Promise<void> {
  assertGlibc()
  const compiler = process.env.CXX?.split(' ')[0] ?? (isMac ? 'c++' : 'g++')
  for (const tool of [compiler, 'make']) {
    if (await commandWorks(tool, '--version')) continue
    throw new EngineError(
      `${tool} is missing: a C++ compiler and make build the binding between Node.js and TensorFlow; ` +
        `${isMac ? 'type xcode-select --install' : 'install them (on Debian or Ubuntu: sudo apt-get install g++ make)'} ` +
        `and type the command again`,
    )
  }
  if (!(await commandWorks(python, '--version'))) {
    throw new EngineError(
      `${python} is missing: Python 3 fetches TensorFlow and drives the compiler; install it (on Debian or Ubuntu: ` +
        `sudo apt-get install python3 python3-pip) or name another with --python, and type the command again`,
    )
  }
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
