import type { BackboneDefinition } from '@m2l/backbones'
import { InputError, tf } from '@m2l/engine'
import type { Backbone } from '@m2l/nn'

/**
 * Makes a black picture pass a backbone that a recipe imports, so that one that does not keep to its own
 * words is told before anything is trained or read.
 *
 * @throws {InputError} when it is no backbone, cannot embed pictures of its usual size, or gives maps other
 *   than it says
 */
export function checkBackbone(
  backbone: Backbone,
  { name, input: { size } }: BackboneDefinition,
  recipeFile: string,
): void {
  const said = `${recipeFile}: backbone ${name}`
  const { channels } = backbone
  const functions = [backbone.embed, backbone.outputSize, backbone.dispose]
  const isWhole = functions.every((one) => typeof one === 'function') && typeof backbone.state === 'object'
  if (!isWhole || !(Number.isInteger(channels) && channels > 0)) {
    throw new InputError(
      `${said}: what its create returns is no backbone; expected channels, embed, outputSize, state and dispose (see Backbone of @m2l/nn)`,
    )
  }
  const expected = [1, ...backbone.outputSize(size, size), channels]
  const found = shapeOfBlack(backbone, said, size)
  if (found.join() === expected.join()) return
  throw new InputError(
    `${said}: its outputSize and channels announce maps [${expected}] of a picture of ${size}x${size} pixels, but its embed gives [${found}]`,
  )
}

function shapeOfBlack(backbone: Backbone, said: string, size: number): readonly number[] {
  try {
    let shape: readonly number[] = []
    tf.tidy(() => {
      shape = backbone.embed(tf.zeros([1, size, size, 3]), { training: false }).shape
    })
    return shape
  } catch (error) {
    const [reason] = (error instanceof Error ? error.message : String(error)).split('\n')
    throw new InputError(`${said}: cannot embed a picture of ${size}x${size} pixels: ${reason}`)
  }
}
