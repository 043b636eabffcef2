import { listImages, openDataset, type Dataset } from '@m2l/datasets'
import { InputError } from '@m2l/engine'
import type { FewShotClassifier } from './few-shot-classifier.js'
import type { GivenImage } from './given-image.js'
import type { EmbedOptions } from './image-embedder.js'
import { notesOfPassedOver } from './query-pictures.js'

/** Pictures of a class that are read and added at a time. */
const picturesAtOnce = 64

/** The examples of the classes, and the way to their pictures. */
export interface SupportPictures {
  /** The number of pictures, by class. */
  readonly classes: ReadonlyMap<string, number>
  /** Some pictures of a class, from a position on. */
  read(label: string, start: number, count: number): Promise<readonly GivenImage[]>
  /** What the picture at a position of a class is called. */
  nameOf(label: string, position: number): string
  /** What a person should be told of them. */
  readonly notes: readonly string[]
  close(): Promise<void>
}

/**
 * The examples of a folder or archive of class folders, or of a table of `filename,label`.
 *
 * @param reduceTo see `DecodeOptions` of `@m2l/datasets`
 * @throws {InputError} when it cannot be read, or there are fewer than two classes
 */
export async function openSupport(path: string, reduceTo: number): Promise<SupportPictures> {
  const support = path.toLowerCase().endsWith('.csv')
    ? await supportOfTable(path)
    : await supportOfFolders(path, reduceTo)
  if (support.classes.size >= 2) return support
  await support.close()
  const [only] = support.classes.keys()
  throw new InputError(
    `${path}: holds only one class (${only}); expected a folder for each of at least two classes, to tell them apart`,
  )
}

/** Adds all examples to a classifier. */
export async function addSupport(
  classifier: FewShotClassifier,
  support: SupportPictures,
  { onProgress, signal }: EmbedOptions,
): Promise<void> {
  const total = [...support.classes.values()].reduce((sum, count) => sum + count, 0)
  let done = 0
  for (const [label, count] of support.classes) {
    for (let start = 0; start < count; start += picturesAtOnce) {
      const images = await support.read(label, start, Math.min(picturesAtOnce, count - start))
      await classifier.add(label, images, { ...(signal && { signal }) })
      done += images.length
      onProgress?.(done, total)
    }
  }
}

async function supportOfTable(table: string): Promise<SupportPictures> {
  const { images } = await listImages(table)
  const byClass = new Map<string, string[]>()
  for (const { file, label } of images) byClass.set(label!, [...(byClass.get(label!) ?? []), file])
  if (byClass.size === 0)
    throw new InputError(`${table}: lists no pictures; expected lines of filename,label`)
  return {
    classes: new Map([...byClass].map(([label, files]) => [label, files.length])),
    read: async (label, start, count) => byClass.get(label)!.slice(start, start + count),
    nameOf: (label, position) => byClass.get(label)![position]!,
    notes: [],
    close: async () => {},
  }
}

async function supportOfFolders(root: string, reduceTo: number): Promise<SupportPictures> {
  const dataset: Dataset = await openDataset({ root, layout: 'class-folders', reduceTo, cacheBytes: 0 })
  const classes = dataset.splits.all!.classes
  const images = new Map(classes.map((ofClass) => [ofClass.name, ofClass.images]))
  return {
    classes: new Map(classes.map(({ name, images: { length } }) => [name, length])),
    read: (label, start, count) => dataset.readMany(images.get(label)!.slice(start, start + count)),
    nameOf: (label, position) => images.get(label)![position]!.id,
    notes: [...dataset.notes, ...(await notesOf(root))],
    close: () => dataset.close(),
  }
}

/** Archives are not listed for what is passed over. */
async function notesOf(root: string): Promise<string[]> {
  const list = await listImages(root).catch((error: unknown) => {
    if (error instanceof InputError) return { passedOver: [] }
    throw error
  })
  return notesOfPassedOver(list.passedOver)
}
