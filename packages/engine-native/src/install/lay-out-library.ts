import { mkdir, stat, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { extractWheel } from '../fetch/extract-wheel.js'
import type { FileRecord } from '../fetch/file-record.js'
import { InstallationError } from '../fetch/installation-error.js'
import { downloadWheel } from '../fetch/pip.js'
import type { LibraryManifest } from './engine-cache.js'
import { hostPlatform } from './engine-cache.js'
import { recordFile } from './manifest.js'
import type { PythonTensorflow } from './python-tensorflow.js'
import type { Variant, WheelSet } from './wheels.js'

const isMac = process.platform === 'darwin'
const suffix = isMac ? '.2.dylib' : '.so.2'

/**
 * The library that exports TensorFlow's C API, and the one that it stands on, as Python's wheels name them.
 */
const library = `libtensorflow_cc${suffix}`
const framework = `libtensorflow_framework${suffix}`

/** The names under which the binding is linked with them. */
const linkNames: readonly (readonly [string, string])[] = isMac
  ? [['libtensorflow.2.dylib', library]]
  : [
      ['libtensorflow.so', library],
      ['libtensorflow_framework.so', framework],
    ]

const headers =
  /^tensorflow\/include\/((?:tensorflow\/c|tensorflow\/core\/platform|xla\/tsl|tsl\/platform)\/.*)$/

/** Fills `folder` with `deps/lib` and `deps/include` from pinned wheels. */
export async function layOutWheels(
  folder: string,
  variant: Variant,
  { wheels }: WheelSet,
  python: string,
  onProgress: (line: string) => void,
  signal: AbortSignal,
): Promise<LibraryManifest> {
  const [tensorflow] = wheels
  if (!tensorflow) throw new RangeError('a wheel set begins with the wheel of TensorFlow')
  const files: FileRecord[] = []
  for (const wheel of wheels) {
    onProgress(`downloading ${wheel.name} ${wheel.version}`)
    const path = await downloadWheel(python, wheel, join(folder, 'wheels'), { signal })
    onProgress(`extracting ${wheel.name} ${wheel.version}`)
    files.push(...(await extractWheel(path, folder, placeOf, signal)))
  }
  for (const needed of [library, framework]) {
    if (!files.some((file) => file.path === join('deps', 'lib', needed))) {
      throw new InstallationError(`the wheel ${tensorflow.name} ${tensorflow.version} holds no ${needed}`)
    }
  }
  await linkLibraries(folder)
  return {
    tensorflowVersion: tensorflow.version,
    variant,
    platform: hostPlatform,
    source: 'wheel',
    origin: `${tensorflow.name} ${tensorflow.version}`,
    library,
    files,
  }
}

/**
 * Where a file of a wheel goes: libraries and headers alone, CUDA's beside them as they lie in site-packages.
 */
function placeOf(entry: string): string | undefined {
  if (entry === `tensorflow/${library}`) return join('deps', 'lib', library)
  if (entry === `tensorflow/${framework}`) return join('deps', 'lib', framework)
  const header = headers.exec(entry)?.[1]
  if (header !== undefined) return join('deps', 'include', header)
  if (/^nvidia\/[^/]+\/(lib|bin|nvvm)\//.test(entry) && !entry.endsWith('.a')) return join('deps', entry)
  return undefined
}

/** Fills `folder` with links to the libraries and headers of an installed Python TensorFlow. */
export async function layOutPythonTensorflow(
  folder: string,
  variant: Variant,
  tensorflow: PythonTensorflow,
): Promise<LibraryManifest> {
  const target = join(folder, 'deps', 'lib')
  await mkdir(target, { recursive: true })
  for (const name of [library, framework]) await symlink(join(tensorflow.folder, name), join(target, name))
  await symlink(join(tensorflow.folder, 'include'), join(folder, 'deps', 'include'))
  await symlink(join(dirname(tensorflow.folder), 'nvidia'), join(folder, 'deps', 'nvidia'))
  const needed = [`deps/lib/${library}`, `deps/lib/${framework}`, 'deps/include/tensorflow/c/eager/c_api.h']
  for (const path of needed) {
    await stat(join(folder, path)).catch(() => {
      throw new InstallationError(
        `the Python TensorFlow in ${tensorflow.folder} lacks ${path.slice('deps/'.length)}`,
      )
    })
  }
  await linkLibraries(folder)
  return {
    tensorflowVersion: tensorflow.version,
    variant,
    platform: hostPlatform,
    source: 'python package',
    origin: tensorflow.folder,
    library,
    files: await Promise.all(needed.map((path) => recordFile(folder, path))),
  }
}

async function linkLibraries(folder: string): Promise<void> {
  for (const [name, target] of linkNames) await symlink(target, join(folder, 'deps', 'lib', name))
}
