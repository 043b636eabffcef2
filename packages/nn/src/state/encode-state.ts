import { tf } from '@m2l/engine'
import { requireFiniteTensors } from './finite.js'
import { inFileLayout } from './layout.js'
import type { StateDict } from './parameter.js'
import { encodeSafetensors } from './safetensors.js'
import type { StoredTensor, StoredValues } from './stored-tensor.js'

/**
 * A state dict as the bytes of a safetensors file in PyTorch's layouts. `decodeSafetensors` and `assignState`
 * restore it.
 *
 * @param metadata free texts, for example the epoch
 * @param source names the file in errors
 * @throws {InputError} when a parameter is not finite
 */
export async function encodeState(
  state: StateDict,
  metadata: Readonly<Record<string, string>> = {},
  source = 'the weights',
): Promise<Uint8Array<ArrayBuffer>> {
  const stored: [string, StoredTensor][] = []
  for (const [name, parameter] of Object.entries(state)) {
    const tensor = tf.tidy(() => tf.clone(inFileLayout(parameter.value, parameter.layout)))
    const data = (await tensor.data()) as StoredValues
    stored.push([name, { shape: tensor.shape, data }])
    tensor.dispose()
  }
  const tensors = Object.fromEntries(stored)
  requireFiniteTensors(tensors, `${source} was not written`)
  return encodeSafetensors({ tensors, metadata })
}
