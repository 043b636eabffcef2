import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { assetAddress, shippedWeights } from '@m2l/weights'

/** The module that is bundled. */
export const classifierEntry = fileURLToPath(import.meta.resolve('@m2l/classifier'))

const wasmFile = 'tfjs-backend-wasm-simd.wasm'

/**
 * What a first visit loads beside the code: the wasm back end, as browsers with SIMD take it, and the
 * smallest shipped weights.
 */
export async function firstAssets(): Promise<Record<string, Uint8Array>> {
  const ofEngine = createRequire(import.meta.resolve('@m2l/engine'))
  const { name } = shippedWeights.reduce((least, card) => (card.bytes < least.bytes ? card : least))
  return {
    [wasmFile]: await readFile(ofEngine.resolve(`@tensorflow/tfjs-backend-wasm/dist/${wasmFile}`)),
    [`${name}.safetensors`]: await readFile(assetAddress(name)!),
  }
}
