import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const source = fileURLToPath(new URL('../../binding/quiet-start.cc', import.meta.url))

/** What a module is made of beside its own sources. */
export interface Addition {
  readonly sources: readonly string[]
  /** For the compiler. */
  readonly defines: readonly string[]
  /** For the linker. */
  readonly linking: readonly string[]
}

/**
 * A source for the binding that makes Abseil, through which TensorFlow logs, obey `TF_CPP_MIN_LOG_LEVEL` from
 * the moment at which TensorFlow's libraries are loaded. Linux only; elsewhere they say nothing while they
 * load.
 *
 * @param libraries the folder with libtensorflow.
 * @returns nothing to add where TensorFlow has no such log.
 */
export async function quietStart(libraries: string): Promise<Addition> {
  const nothing: Addition = { sources: [], defines: [], linking: [] }
  if (process.platform !== 'linux') return nothing
  const symbol = await findSetMinLogLevel(join(libraries, 'libtensorflow_framework.so'))
  if (symbol === undefined) return nothing
  return { sources: [source], defines: [`M2L_SET_MIN_LOG_LEVEL=${symbol}`], linking: ['-Wl,-z,initfirst'] }
}

/**
 * The mangled name of `absl::SetMinLogLevel` in a library, such as
 * `_ZN4absl12lts_2025081414SetMinLogLevelENS0_18LogSeverityAtLeastE`. It is read from the library's table of
 * names because the release of Abseil in it differs between versions of TensorFlow and not all of them come
 * with its headers.
 */
async function findSetMinLogLevel(library: string): Promise<string | undefined> {
  const bytes = await readFile(library)
  const within = bytes.indexOf('14SetMinLogLevelE')
  if (within < 0) return undefined
  const name = bytes.toString('latin1', bytes.lastIndexOf(0, within) + 1, bytes.indexOf(0, within))
  return /^_ZN4absl(\d+[a-z]\w*)?14SetMinLogLevelE\w+$/.test(name) ? name : undefined
}
