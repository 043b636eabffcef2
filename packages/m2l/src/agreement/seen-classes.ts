import { createHash } from 'node:crypto'
import type { ImageClass, ImageSplit } from '@m2l/datasets'
import { z } from 'zod'

/** What weights learned from, one after the other: pretraining, then episodes. */
export const learningSchema = z.array(
  z.object({
    /** `unknown` where training started from weights that did not say. */
    kind: z.enum(['pretraining', 'training', 'unknown']),
    dataset: z.string().optional(),
    /** By split, `ImageSplit.hash`. */
    splits: z.record(z.string(), z.string()).optional(),
    /** By split, its classes, see {@link classMarks}. */
    classes: z.record(z.string(), z.string().max(4_000_000)).optional(),
  }),
)

/** See {@link learningSchema}. */
export type Learning = z.output<typeof learningSchema>

/** Bytes of a SHA-256 that tell some thousand classes apart. */
const markBytes = 6

/**
 * A short text that stands for the classes of a split: for each the beginnings of two SHA-256, of its name,
 * and of its name with its images. Names themselves may be private, and thousands of them are long.
 */
export function classMarks({ classes }: Pick<ImageSplit, 'classes'>): string {
  return Buffer.concat(classes.flatMap((ofClass) => [markOfName(ofClass), markOfImages(ofClass)])).toString(
    'base64',
  )
}

/** Which classes of a split are among those of some marks. */
export interface FamiliarClasses {
  /** By name and images. */
  readonly same: readonly string[]
  /** By name alone. */
  readonly sameName: readonly string[]
}

/** Finds the classes of a split among those that {@link classMarks} stands for. */
export function familiarClasses({ classes }: Pick<ImageSplit, 'classes'>, marks: string): FamiliarClasses {
  const bytes = Buffer.from(marks, 'base64')
  const known = new Set<string>()
  for (let at = 0; at + markBytes <= bytes.length; at += markBytes) {
    known.add(`${(at / markBytes) % 2} ${bytes.toString('hex', at, at + markBytes)}`)
  }
  const namesOf = (chosen: readonly ImageClass[]) => chosen.map(({ name }) => name)
  const isSame = (one: ImageClass) => known.has(`1 ${markOfImages(one).toString('hex')}`)
  const hasName = (one: ImageClass) => known.has(`0 ${markOfName(one).toString('hex')}`)
  return {
    same: namesOf(classes.filter(isSame)),
    sameName: namesOf(classes.filter((one) => hasName(one) && !isSame(one))),
  }
}

function markOfName({ name }: ImageClass): Buffer {
  return mark(name)
}

function markOfImages({ name, images }: ImageClass): Buffer {
  return mark(JSON.stringify([name, images.map(({ id, rotation }) => [baseName(id), rotation ?? 0])]))
}

/** Folders above a class may be called differently elsewhere. */
function baseName(id: string): string {
  return id.slice(id.lastIndexOf('/') + 1)
}

function mark(text: string): Buffer {
  return createHash('sha256').update(text).digest().subarray(0, markBytes)
}
