import { join } from 'node:path'
import asc from 'assemblyscript/asc'

const source = join(import.meta.dirname, '../../assembly/resample.ts')

/** Compiles the passes of a resize: the content of `resample-module.ts`. */
export async function compiledResampleModule(): Promise<string> {
  let binary: Uint8Array = new Uint8Array()
  const { error, stderr } = await asc.main(
    [
      source,
      '--outFile',
      'resample.wasm',
      '--enable',
      'simd',
      '-O3',
      '--noAssert',
      '--runtime',
      'stub',
      '--initialMemory',
      '1',
    ],
    {
      writeFile(_, contents) {
        binary = contents as Uint8Array
      },
    },
  )
  if (error) throw new Error(`${error.message}\n${stderr.toString()}`)
  return `// Compiled from assembly/resample.ts by \`npm run compile -w packages/datasets\`; do not edit.

/** A WebAssembly module in base64. */
export const resampleModule =
  '${Buffer.from(binary).toString('base64')}'
`
}
