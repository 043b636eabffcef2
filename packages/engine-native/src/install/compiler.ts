import { join } from 'node:path'
import { runCommand, type CommandOptions } from '../fetch/run-command.js'

const isMac = process.platform === 'darwin'

/** The C++ compiler and its first arguments, as `CXX` may name them. */
export function compilerCommand(): [string, ...string[]] {
  const [command, ...args] = words(process.env.CXX)
  return [command ?? (isMac ? 'c++' : 'g++'), ...args]
}

/** A shared object that Node.js loads, linked with libtensorflow. */
export interface NativeModule {
  /** Absolute paths of C++ sources. */
  readonly sources: readonly string[]
  /** Folders of headers. */
  readonly includes: readonly string[]
  readonly defines: readonly string[]
  /** Arguments for the compiler and for the linker, beside those that every module has. */
  readonly compiling: readonly string[]
  readonly linking: readonly string[]
  /** Folder with libtensorflow. */
  readonly libraries: string
  /** Path of the module; it looks for libtensorflow in `../../deps/lib`. */
  readonly output: string
}

/**
 * Compiles a module for Node-API 8. The compiler is started without a shell and without make, so that paths
 * may hold any character, and needs no headers but those of Node-API and TensorFlow.
 *
 * @param objects a folder for what the compiler makes of each source.
 * @returns what the compiler said, and whether it made the module.
 */
export async function compileModule(
  module: NativeModule,
  objects: string,
  options: CommandOptions,
): Promise<{ readonly isMade: boolean; readonly output: string }> {
  const [compiler, ...first] = compilerCommand()
  const common = ['-O3', '-fPIC', '-pthread', '-std=gnu++17', ...(isMac ? ['-mmacosx-version-min=12.0'] : [])]
  const settings = [
    ...['NAPI_VERSION=8', ...module.defines].map((define) => `-D${define}`),
    ...module.includes.flatMap((folder) => ['-I', folder]),
    ...module.compiling,
    ...words(process.env.CXXFLAGS),
  ]
  const compiled = await Promise.all(
    module.sources.map(async (source, index) => {
      const object = join(objects, `${index}.o`)
      const args = [...first, ...common, ...settings, '-c', source, '-o', object]
      return { object, ...(await runCommand(compiler, args, options)) }
    }),
  )
  const output = compiled.map(({ output: said }) => said).join('')
  if (compiled.some(({ code }) => code !== 0)) return { isMade: false, output }

  const kind = isMac ? ['-bundle', '-undefined', 'dynamic_lookup'] : ['-shared']
  const origin = isMac ? '@loader_path' : '$ORIGIN'
  const linked = await runCommand(
    compiler,
    [
      ...first,
      ...common,
      ...kind,
      ...compiled.map(({ object }) => object),
      '-L',
      module.libraries,
      `-Wl,-rpath,${origin}/../../deps/lib`,
      '-ltensorflow',
      ...(isMac ? [] : ['-ltensorflow_framework']),
      ...module.linking,
      ...words(process.env.LDFLAGS),
      '-o',
      module.output,
    ],
    options,
  )
  return { isMade: linked.code === 0, output: output + linked.output }
}

const words = (text = ''): string[] => text.split(/\s+/).filter((word) => word !== '')
