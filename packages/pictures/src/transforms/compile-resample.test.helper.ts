import { join } from 'node:path'
import asc from 'assemblyscript/asc'

const folder = join(import.meta.dirname, '../../assembly')

/** Compiles what lies in `assembly/`: the content of `resample-module.ts`. */
export async function compiledResampleModule(): Promise<string> {
  let module: Uint8Array = new Uint8Array()
  const source = ['resample.ts', 'reduce.ts', '--baseDir', folder]
  const target = ['--outFile', 'resample.wasm', '-O3', '--noAssert', '--enable', 'simd']
  const memory = ['--runtime', 'stub', '--initialMemory', '1']
  const { error, stderr } = await asc.main([...source, ...target, ...memory], {
    writeFile(_, contents) {
      module = Buffer.from(contents)
    },
  })
  if (error) throw new Error(`${error.message}\n${stderr.toString()}`)
  return `// Compiled from assembly/ by \`npm run compile -w packages/pictures\`.

/** A WebAssembly module in base64. */
export const resampleModule =
  '${Buffer.from(module).toString('base64')}'
`
}
