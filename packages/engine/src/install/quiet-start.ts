import { cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const source = fileURLToPath(new URL('../../binding/quiet-start.cc', import.meta.url))

/**
 * Adds a source to the binding that makes Abseil, through which TensorFlow logs, obey `TF_CPP_MIN_LOG_LEVEL` from the
 * moment at which TensorFlow's libraries are loaded. Linux only; elsewhere they say nothing while they load.
 *
 * @param workFolder where the binding is compiled; holds `binding` and `deps/lib`.
 * @returns arguments for node-gyp's gyp: none where TensorFlow has no such log.
 */
export async function addQuietStart(workFolder: string): Promise<string[]> {
  if (process.platform !== 'linux') return []
  const symbol = await findSetMinLogLevel(join(workFolder, 'deps', 'lib', 'libtensorflow_framework.so'))
  if (symbol === undefined) return []
  await cp(source, join(workFolder, 'binding', 'quiet-start.cc'))
  const settings = join(workFolder, 'binding', 'quiet-start.gypi')
  const addition = {
    sources: ['quiet-start.cc'],
    defines: [`M2L_SET_MIN_LOG_LEVEL=${symbol}`],
    ldflags: ['-Wl,-z,initfirst'],
  }
  const target_defaults = { target_conditions: [['_target_name=="tfjs_binding"', addition]] }
  await writeFile(settings, JSON.stringify({ target_defaults }))
  return ['-I', settings]
}

/**
 * The mangled name of `absl::SetMinLogLevel` in a library, such as
 * `_ZN4absl12lts_2025081414SetMinLogLevelENS0_18LogSeverityAtLeastE`. It is read from the library's table of names
 * because the release of Abseil in it differs between versions of TensorFlow and not all of them come with its headers.
 */
async function findSetMinLogLevel(library: string): Promise<string | undefined> {
  const bytes = await readFile(library)
  const within = bytes.indexOf('14SetMinLogLevelE')
  if (within < 0) return undefined
  const name = bytes.toString('latin1', bytes.lastIndexOf(0, within) + 1, bytes.indexOf(0, within))
  return /^_ZN4absl(\d+[a-z]\w*)?14SetMinLogLevelE\w+$/.test(name) ? name : undefined
}
