import { decodeImage, decodeImageFile, type DecodeOptions, type RgbImage } from '@m2l/datasets'
import { InputError, tf } from '@m2l/engine'

/**
 * A picture as a program has it: the path of a file, the bytes of one, decoded pixels, or a tensor [height, width, 3] of
 * levels from 0 to 255.
 */
export type GivenImage = string | Uint8Array | RgbImage | tf.Tensor3D

/** What to call a picture in a message, at its place in a list. */
export function nameOfImage(image: GivenImage, position: number): string {
  return typeof image === 'string' ? image : `image ${position + 1}`
}

/**
 * The pixels of a picture.
 *
 * @throws {InputError} naming it when it cannot be read or is no picture
 */
export async function readGivenImage(
  image: GivenImage,
  name: string,
  options: DecodeOptions,
): Promise<RgbImage> {
  if (typeof image === 'string') return decodeImageFile(image, options)
  if (image instanceof Uint8Array) return decodeImage(image, name, options)
  if (image instanceof tf.Tensor) return fromTensor(image, name)
  return checked(image, name)
}

async function fromTensor(tensor: tf.Tensor, name: string): Promise<RgbImage> {
  const [height, width, channels] = tensor.shape
  if (tensor.rank !== 3 || channels !== 3 || tensor.size === 0) {
    throw new InputError(`${name}: is a tensor [${tensor.shape}]; expected [height, width, 3]`)
  }
  const levels = await tensor.data()
  let highest = 0
  for (const level of levels) {
    if (!(level >= 0 && level <= 255)) {
      throw new InputError(`${name}: holds the level ${level}; expected levels from 0 to 255`)
    }
    highest = Math.max(highest, level)
  }
  if (highest <= 1 && levels.some((level) => !Number.isInteger(level))) {
    throw new InputError(
      `${name}: holds levels from 0 to 1; expected levels from 0 to 255, so multiply by 255`,
    )
  }
  return { width: width!, height: height!, data: Uint8Array.from(levels, Math.round) }
}

function checked(image: RgbImage, name: string): RgbImage {
  const { width, height, data } = image
  if (data instanceof Uint8Array && data.length > 0 && data.length === width * height * 3) return image
  throw new InputError(
    `${name}: ${data instanceof Uint8Array ? `has ${data.length} bytes for ${width} x ${height} pixels, expected three a pixel` : 'is no picture'}; expected a path, the bytes of a file, { width, height, data } or a tensor [height, width, 3]`,
  )
}
