import { createHash } from 'node:crypto'
import type { Dataset, ImageSplit } from '@m2l/datasets'

/** So many pictures of a split stand for all. */
const looked = 16

/**
 * A SHA-256, in hexadecimal, over the pixels of 16 pictures that are spread evenly over a split:
 * `ImageSplit.hash` is of names alone, and other pictures may have the same.
 *
 * @throws {InputError} when one of them cannot be read
 */
export async function picturesHash(dataset: Dataset, { classes }: ImageSplit): Promise<string> {
  const images = classes.flatMap((ofClass) => ofClass.images)
  const count = Math.min(looked, images.length)
  const chosen = Array.from(
    { length: count },
    (_, index) => images[Math.floor((index * images.length) / count)]!,
  )
  const hash = createHash('sha256')
  for (const { width, height, data } of await dataset.readMany(chosen)) {
    hash.update(`${width} ${height} `).update(data)
  }
  return hash.digest('hex')
}
