import { decodePictureFile } from '@m2l/datasets'
import { type DecodeOptions, decodePicture, type RgbImage } from '@m2l/pictures'
import { count, InputError, tf } from '@m2l/engine'
import { isFeatures, type GivenFeatures } from '../features/feature-set.js'

/**
 * A picture as a program has it: the path of a file, the bytes of one, decoded pixels, a tensor [height, width, 3] of levels
 * from 0 to 255, or one that is read when its turn comes. A classifier of features takes pictures as their features.
 */
export type GivenImage = string | Uint8Array | RgbImage | tf.Tensor3D | NamedImage | GivenFeatures

/** A picture that is read when its turn comes, so that not all are held in memory. */
export interface NamedImage {
  /** What messages call it. */
  readonly name: string
  /** The bytes of a file, or decoded pixels. */
  read(): Promise<Uint8Array | RgbImage>
}

/** What to call a picture in a message, at its place in a list. */
export function nameOfImage(image: GivenImage, position: number): string {
  if (typeof image === 'string') return image
  return (image as Partial<NamedImage & RgbImage> | null | undefined)?.name ?? `image ${position + 1}`
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
  if (typeof image === 'string') return decodePictureFile(image, options)
  if (isBytes(image)) return decodePicture(image, name, options)
  if (image instanceof tf.Tensor) return fromTensor(image, name)
  if (isNamed(image)) return readGivenImage(await image.read(), name, options)
  if (isFeatures(image)) {
    throw new InputError(`${name}: is given as features, but pictures are needed; give the picture itself`)
  }
  return checked(image, name)
}

function isNamed(image: unknown): image is NamedImage {
  return typeof (image as Partial<NamedImage> | null | undefined)?.read === 'function'
}

function isBytes(image: unknown): image is Uint8Array {
  return image instanceof Uint8Array
}

/** Whole numbers are levels as they are; a tensor of others that ends at 1 counts from 0 to 1, whatever is in it. */
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

const forms = 'a path, the bytes of a file, { width, height, data } or a tensor [height, width, 3]'

function checked(image: RgbImage, name: string): RgbImage {
  const { width, height, data } = (image ?? {}) as Partial<RgbImage>
  if (data === undefined) throw new InputError(`${name}: is no picture; expected ${forms}`)
  const isClamped = (data as unknown) instanceof Uint8ClampedArray
  if (!isBytes(data) && !isClamped) {
    const type = Object.prototype.toString.call(data).slice(8, -1)
    throw new InputError(`${name}: has pixels of type ${type}; expected a Uint8Array of levels from 0 to 255`)
  }
  if (!isSide(width) || !isSide(height)) {
    throw new InputError(
      `${name}: has ${String(width)} x ${String(height)} pixels; expected whole numbers of at least 1`,
    )
  }
  if (data.length === width * height * 3) {
    return isBytes(data) ? (image as RgbImage) : { width, height, data: Uint8Array.from(data) }
  }
  const hint = data.length === width * height * 4 ? '; leave out the alpha channel' : ''
  throw new InputError(
    `${name}: has ${count(data.length, 'byte')} for ${width} x ${height} pixels, expected three a pixel${hint}; give ${forms}`,
  )
}

function isSide(side: unknown): side is number {
  return Number.isSafeInteger(side) && (side as number) >= 1
}
