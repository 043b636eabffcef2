import { cp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { kernelsFile } from './engine-cache.js'

const source = fileURLToPath(new URL('../../binding/kernels.cc', import.meta.url))

/**
 * Adds a second module to what is compiled: operations of our own for TensorFlow. Linux only; elsewhere they are composed
 * of TensorFlow's.
 *
 * @param workFolder where the binding is compiled.
 * @returns arguments for node-gyp's gyp, and where the module lies when it has run; undefined where there is none.
 */
export async function addKernels(
  workFolder: string,
): Promise<{ readonly gyp: string[]; readonly module?: string }> {
  if (process.platform !== 'linux') return { gyp: [] }
  await cp(source, join(workFolder, 'binding', 'kernels.cc'))
  const settings = join(workFolder, 'binding', 'kernels.gypi')
  const name = kernelsFile.replace('.node', '')
  const target = {
    target_name: name,
    sources: ['kernels.cc'],
    include_dirs: ['<(module_root_dir)/deps/include'],
    // Leaves out a header that is not among those of the C API.
    defines: ['IS_SLIM_BUILD'],
    // Without fused multiply-adds the bits are those of TensorFlow's operations one by one.
    cflags: ['-O3', '-ffp-contract=off'],
    libraries: ['-Wl,-rpath,\\$$ORIGIN/../../deps/lib', '-ltensorflow', '-ltensorflow_framework'],
    library_dirs: ['<(module_root_dir)/deps/lib'],
  }
  await writeFile(settings, JSON.stringify({ targets: [target] }))
  return { gyp: ['-I', settings], module: join(workFolder, 'build', 'Release', kernelsFile) }
}
