import { InputError, tf } from '@m2l/engine'
import { type DecodeOptions, type GivenPicture, type RgbImage, toRgbImage } from '@m2l/pictures'
import { isFeatures, type GivenFeatures } from '../features/feature-set.js'

/**
 * A picture as a program or a page has it: the bytes of a file, a Blob, decoded pixels, an ImageBitmap, a
 * VideoFrame, a tensor [height, width, 3] of levels from 0 to 255, or one that is read when its turn comes;
 * in Node with `@m2l/m2l` the path of a file, too. A classifier of features takes pictures as their features.
 */
export type GivenImage = string | ReadableImage

/** The same but for paths, which every runtime reads. */
export type ReadableImage = GivenPicture | tf.Tensor3D | NamedImage | GivenFeatures

/** A picture that is read when its turn comes, so that not all are held in memory. */
export interface NamedImage {
  /** What messages call it. */
  readonly name: string
  /** The picture; larger ones may be reduced as the options say. */
  read(options: DecodeOptions): Promise<GivenPicture>
}

/** What to call a picture in a message, at its place in a list. */
export function nameOfImage(image: ReadableImage, position: number): string {
  return (image as Partial<NamedImage> | null | undefined)?.name ?? `image ${position + 1}`
}

/**
 * The pixels of a picture.
 *
 * @throws {InputError} naming it when it cannot be read or is no picture
 */
export async function readGivenImage(
  image: ReadableImage,
  name: string,
  options: DecodeOptions,
): Promise<RgbImage> {
  if (image instanceof tf.Tensor) return fromTensor(image, name)
  if (isNamed(image)) return toRgbImage(await image.read(options), name, options)
  if (isFeatures(image)) {
    throw new InputError(`${name}: is given as features, but pictures are needed; give the picture itself`)
  }
  return toRgbImage(image, name, options)
}

function isNamed(image: unknown): image is NamedImage {
  return typeof (image as Partial<NamedImage> | null | undefined)?.read === 'function'
}

/**
 * Whole numbers are levels as they are; a tensor of others that ends at 1 counts from 0 to 1, whatever is in
 * it.
 */
async function fromTensor(tensor: tf.Tensor, name: string): Promise<RgbImage> {
  if (tensor.isDisposed) throw new InputError(`${name}: is a tensor that is disposed; give it before that`)
  const [height, width, channels] = tensor.shape
  if (tensor.rank !== 3 || channels !== 3 || tensor.size === 0) {
    throw new InputError(`${name}: is a tensor [${tensor.shape}]; expected [height, width, 3]`)
  }
  if (tensor.dtype !== 'int32' && tensor.dtype !== 'float32') {
    throw new InputError(`${name}: is a tensor of type ${tensor.dtype}; expected int32 or float32`)
  }
  const levels = await tensor.data()
  let highest = 0
  for (const [index, level] of levels.entries()) {
    if (!(level >= 0 && level <= 255)) {
      const [row, column] = [Math.floor(index / 3 / width!), Math.floor(index / 3) % width!]
      throw new InputError(
        `${name}: holds the level ${level} in row ${row}, column ${column}; expected levels from 0 to 255`,
      )
    }
    highest = Math.max(highest, level)
  }
  if (tensor.dtype === 'float32' && highest > 0 && highest <= 1) {
    throw new InputError(
      `${name}: holds levels from 0 to 1; expected levels from 0 to 255, so multiply by 255`,
    )
  }
  return { width: width!, height: height!, data: Uint8Array.from(levels, Math.round) }
}
