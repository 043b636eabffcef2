import { builtinModules } from 'node:module'
import { gzipSync } from 'node:zlib'
import { rolldown } from 'rolldown'

/** A package as browsers load it. */
export interface Bundle {
  /** The code and the assets that it loads first, in bytes. */
  readonly bytes: number
  readonly gzip: number
  /** What only Node.js has and the code imports; nothing in a package that runs anywhere. */
  readonly nodeImports: readonly string[]
  readonly files: readonly BundledFile[]
}

/** A file of a bundle. */
export interface BundledFile {
  readonly name: string
  readonly bytes: number
  readonly gzip: number
}

/**
 * Bundles a module for browsers, in memory.
 *
 * @param entry the path of the module
 * @param assets files beside the code that a first visit loads, by name
 */
export async function bundlePackage(
  entry: string,
  assets: Readonly<Record<string, Uint8Array>> = {},
): Promise<Bundle> {
  const nodeImports = new Set<string>()
  const bundle = await rolldown({
    input: entry,
    platform: 'browser',
    plugins: [
      {
        name: 'node-imports',
        async resolveId(id, importer) {
          if (!isOfNode(id)) return null
          // a package may name a stand-in for browsers
          const found = await this.resolve(id, importer, { skipSelf: true })
          if (found && !found.external) return found
          nodeImports.add(`${id} (from ${importer ?? entry})`)
          return { id, external: true }
        },
      },
    ],
  })
  try {
    const { output } = await bundle.generate({ format: 'es', minify: true })
    const files = [
      ...output.map((file) => measured(file.fileName, file.type === 'chunk' ? file.code : file.source)),
      ...Object.entries(assets).map(([name, bytes]) => measured(name, bytes)),
    ]
    return {
      bytes: sumOf(files.map(({ bytes }) => bytes)),
      gzip: sumOf(files.map(({ gzip }) => gzip)),
      nodeImports: [...nodeImports].toSorted(),
      files,
    }
  } finally {
    await bundle.close()
  }
}

function isOfNode(id: string): boolean {
  return id.startsWith('node:') || builtinModules.includes(id)
}

function measured(name: string, content: string | Uint8Array): BundledFile {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content
  return { name, bytes: bytes.length, gzip: gzipSync(bytes, { level: 9 }).length }
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, one) => sum + one, 0)
}
