import { InputError, type tf } from '@m2l/engine'

/**
 * Checks what a backbone is given to embed.
 *
 * @param smallest the least height and width that leaves a position in the feature map
 * @throws {InputError} when it is not a batch of colour images of that size or more
 */
export function checkImages(backbone: string, images: tf.Tensor4D, smallest: number): void {
  const [, height, width, channels] = images.shape
  if (images.rank !== 4 || channels !== 3 || height < smallest || width < smallest) {
    throw new InputError(
      `${backbone} was given images of shape [${images.shape}]; give it [n, height, width, 3], ${smallest} pixels or more a side`,
    )
  }
}
