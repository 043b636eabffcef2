import { InputError } from '@m2l/engine/messages'
import { readAsset } from '#read-asset'
import { assetAddress } from './asset-address.js'
import { cardOf, shippedNames } from './shipped-weights.js'

/**
 * The bytes of shipped weights, a safetensors file; read in Node, fetched elsewhere, from beside the program.
 *
 * @throws {InputError} when there are no weights of this name, or they are not where they should be
 */
export async function loadWeights(name: string): Promise<Uint8Array> {
  const [card, address] = [cardOf(name), assetAddress(name)]
  if (!card || !address) {
    throw new InputError(
      `${name}: no weights of this name are shipped; expected ${shippedNames.join(', ')}`,
      { code: 'weights' },
    )
  }
  let bytes: Uint8Array
  try {
    bytes = await readAsset(address)
  } catch (error) {
    throw new InputError(
      `${name}: ${address.href} cannot be read (${(error as Error).message}); install @m2l/weights again, or copy its assets with the program`,
      { code: 'weights', cause: error },
    )
  }
  if (bytes.length === card.bytes) return bytes
  throw new InputError(
    `${name}: ${address.href} has ${bytes.length} bytes instead of ${card.bytes}, so it is another file; install @m2l/weights again, or copy its assets with the program`,
    { code: 'weights' },
  )
}
