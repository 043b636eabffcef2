import { InputError } from '@m2l/engine'
import type { Example } from './classes/saved-classes.js'
import { isFeatures } from './features/feature-set.js'
import type { Candidate, SeenClass } from './candidate.js'
import { nineCrops } from './choice/picture-crops.js'
import { joinImages, type EmbeddedImages } from './embedding/embedded-images.js'
import { nameOfImage, readGivenImage, type ReadableImage } from './pictures/given-image.js'
import { embedReadable } from './embedding/embed-images.js'
import type { EmbedOptions, OnUnreadable } from './embedding/image-embedder.js'
import { notedImage } from './pictures/noted-image.js'

/** With more examples of a class it is not tried whether a costlier way to see is worth it. */
const mostForCosts = 20

/** Examples of a class, as each candidate sees them. */
export interface SeenExamples {
  readonly examples: readonly Example[]
  /** By candidate; nothing where one of them cannot be seen by it. */
  readonly seen: readonly (SeenClass | undefined)[]
}

/**
 * Embeds examples of a class by each of several candidates. The first one tells which can be read; another
 * that cannot see all of these sees none.
 *
 * @param isNew whether the class has no example yet
 * @returns nothing where none can be read
 * @throws {InputError} naming the first picture that cannot be read, where nobody is to be told of it
 */
export async function seeExamples(
  candidates: readonly Candidate[],
  images: readonly ReadableImage[],
  { isNew, ...options }: EmbedOptions & { readonly isNew: boolean },
  onUnreadable?: OnUnreadable,
): Promise<SeenExamples | undefined> {
  const [first, ...others] = candidates as [Candidate, ...Candidate[]]
  const noted = images.map((image, position) =>
    notedImage(image, position, { reduceTo: first.embedder.reduceTo }),
  )
  const done = candidates.map(() => 0)
  const partOf = (index: number) => ({
    ...options,
    onProgress: (own: number, of: number) => {
      done[index] = own
      options.onProgress?.(Math.floor(done.reduce((sum, one) => sum + one) / done.length), of)
    },
  })
  const readable = noted.map(({ image }) => image)
  const batch = await embedReadable(first.embedder, readable, partOf(0), onUnreadable)
  if (!batch) return undefined
  const taken = batch.positions.map((position) => images[position]!)
  const isChoice = others.length > 0
  const own = isChoice && isNew ? await cropsOf(first, taken[0]!) : undefined
  const seenByOthers = await Promise.all(
    others.map(async (candidate, index) => {
      const isTried = !candidate.insteadOf || (await isWorthItsCosts(candidate, taken))
      const { onProgress, ...part } = partOf(index + 1)
      const seen = isTried ? await seenBy(candidate, taken, { ...part, onProgress, isNew }) : undefined
      onProgress(taken.length, taken.length)
      return seen
    }),
  )
  const seen = [{ images: batch.images, crops: own }, ...seenByOthers]
  return { examples: batch.positions.map((position) => noted[position]!.example), seen }
}

/** Both one after the other. */
export function joinSeen(before: SeenExamples | undefined, added: SeenExamples): SeenExamples {
  if (!before) return added
  return {
    examples: [...before.examples, ...added.examples],
    seen: before.seen.map((one, candidate) => {
      const more = added.seen[candidate]
      return one && more && { images: joinImages([one.images, more.images]), crops: one.crops }
    }),
  }
}

async function seenBy(
  candidate: Candidate,
  images: readonly ReadableImage[],
  { isNew, ...options }: EmbedOptions & { readonly isNew: boolean },
): Promise<SeenClass | undefined> {
  try {
    const batch = await embedReadable(candidate.embedder, images, options)
    const crops = isNew && !candidate.insteadOf ? await cropsOf(candidate, images[0]!) : undefined
    return batch && { images: batch.images, crops }
  } catch (error) {
    if (error instanceof InputError) return undefined
    throw error
  }
}

/** The first picture of a class tells of the others. */
async function isWorthItsCosts(candidate: Candidate, images: readonly ReadableImage[]): Promise<boolean> {
  if (images.length > mostForCosts) return false
  const [image] = images
  return (await candidate.showsMore?.(image!, nameOfImage(image!, 0))) ?? true
}

/** Reads the picture, which may be out of reach later, and embeds its crops when they are asked for. */
async function cropsOf({ embedder }: Candidate, image: ReadableImage): Promise<SeenClass['crops']> {
  if (isFeatures(image)) return undefined
  const picture = await readGivenImage(image, nameOfImage(image, 0), { reduceTo: embedder.reduceTo })
  return async () => {
    const batches: EmbeddedImages[] = []
    for await (const batch of embedder.embed(nineCrops(picture), {})) batches.push(batch.images)
    return joinImages(batches)
  }
}
