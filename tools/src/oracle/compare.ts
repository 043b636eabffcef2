import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { decodePicture, type RgbImage } from '@m2l/pictures'
import { InputError } from '@m2l/engine'
import type { ListedPicture } from './pictures.js'

/** Levels by which pixels may differ. */
const tolerance = 1

/** How a picture came out. */
export type Outcome =
  /** As Pillow reads it. */
  | { readonly kind: 'same' }
  /** Pillow does not read it; as the values say that were written. */
  | { readonly kind: 'values' }
  /** Otherwise than Pillow reads it, for a reason that is known. */
  | { readonly kind: 'explained'; readonly why: string }
  /** Refused by name, as it should be. */
  | { readonly kind: 'refused' }
  | { readonly kind: 'different'; readonly what: string }

/** Decodes a picture and compares it with what is expected. */
export async function compare(folder: string, picture: ListedPicture): Promise<Outcome> {
  const { file, pillow, rule, why = '', within = 0 } = picture
  const read = await decodePicture(await readFile(join(folder, file)), file).catch((error: unknown) => {
    if (error instanceof InputError) return error
    throw error
  })
  if (read instanceof InputError) {
    return picture.refused ? { kind: 'refused' } : { kind: 'different', what: `is refused: ${read.message}` }
  }
  if (picture.refused) return { kind: 'different', what: 'is read, but was to be refused' }
  const fromPillow = pillow && (await distance(read, pillow, join(folder, `${file}.pillow`)))
  if (fromPillow !== null && fromPillow <= tolerance) return { kind: 'same' }
  const fromRule = rule && (await distance(read, rule, join(folder, `${file}.rule`)))
  if (fromRule !== undefined && fromRule <= tolerance) {
    return fromPillow === null ? { kind: 'values' } : { kind: 'explained', why }
  }
  if (fromPillow !== null && fromPillow <= within) return { kind: 'explained', why }
  const far = (levels: number | null | undefined, whom: string) =>
    levels === null || levels === undefined ? [] : [`${levels} levels from ${whom}`]
  return {
    kind: 'different',
    what: `is ${[...far(fromPillow, 'Pillow'), ...far(fromRule, 'the values written')].join(' and ')}`,
  }
}

/** The largest difference of a level; infinite where the sizes differ. */
async function distance(
  image: RgbImage,
  [width, height]: readonly [number, number],
  file: string,
): Promise<number> {
  if (image.width !== width || image.height !== height) return Number.POSITIVE_INFINITY
  const expected = await readFile(file)
  return expected.reduce((most, level, at) => Math.max(most, Math.abs(level - image.data[at]!)), 0)
}
