import type { EmbedOptions, GivenFeatures, NamedImage } from '@m2l/classifier'
import { decodePictureFile, isTable, listImages, openDataset } from '@m2l/datasets'
import { count, InputError } from '@m2l/engine'
import type { FewShotClassifier } from './file-classifier.js'
import { identityOfFile } from './real-file.js'

/** The examples of the classes. */
export interface SupportPictures {
  /** Their pictures, by class; read until it is closed. */
  readonly classes: ReadonlyMap<string, readonly (NamedImage | GivenFeatures)[]>
  /** What a person should be told of them. */
  readonly notes: readonly string[]
  close(): Promise<void>
}

/** An example that cannot be read. */
export interface UnreadableExample {
  readonly file: string
  /** The class that lacks it. */
  readonly label: string
  readonly reason: string
}

/**
 * The examples of a folder or archive with class folders or a table, or of a table of `filename,label`; each
 * real file once.
 *
 * @param reduceTo see `DecodeOptions` of `@m2l/datasets`
 * @param fewest how many classes it must have: one where they are added to others
 * @throws {InputError} when it cannot be read, there are fewer classes, or a file is an example of two
 */
export async function openSupport(
  path: string,
  reduceTo: number,
  fewest: 1 | 2 = 2,
): Promise<SupportPictures> {
  const support = isTable(path)
    ? await supportOfTable(path, reduceTo)
    : await supportOfFolders(path, reduceTo)
  try {
    const { classes, repeated } = await eachFileOnce(path, support.classes)
    if (classes.size < fewest) {
      const [only] = classes.keys()
      throw new InputError(
        `${path}: holds only one class (${only}); expected ${await expectedOf(path)}, to tell them apart`,
      )
    }
    const notes =
      repeated > 0
        ? [`${count(repeated, 'example was', 'examples were')} given more than once; each file counts once`]
        : []
    return { ...support, classes, notes: [...support.notes, ...notes] }
  } catch (error) {
    await support.close()
    throw error
  }
}

/**
 * Adds all examples to a classifier that can be read.
 *
 * @returns the others
 * @throws {InputError} when a class has no example that can be read
 */
export async function addSupport(
  classifier: FewShotClassifier,
  { classes }: Pick<SupportPictures, 'classes'>,
  { onProgress, signal }: EmbedOptions,
): Promise<UnreadableExample[]> {
  const total = [...classes.values()].reduce((sum, { length }) => sum + length, 0)
  const unreadable: UnreadableExample[] = []
  let before = 0
  for (const [label, images] of classes) {
    const failures = await classifier.addReadable(label, images, {
      onProgress: (done) => onProgress?.(before + done, total),
      signal,
    })
    for (const [position, { message }] of failures) {
      unreadable.push({ file: images[position]!.name, label, reason: message })
    }
    before += images.length
  }
  return unreadable
}

/** Where a folder holds a table, that may be meant. */
async function expectedOf(path: string): Promise<string> {
  const folders = 'a folder for each of at least two classes'
  if (isTable(path)) return 'pictures of at least two classes'
  const list = await listImages(path)
  await list.close()
  const table = list.passedOver.find((file) => isTable(file))
  return table === undefined
    ? folders
    : `${folders}, or the path of a table of filename,label, such as ${table}`
}

/** A picture, and where it lies on the disk by itself. */
interface SupportImage extends NamedImage {
  readonly file: string | undefined
}

type Opened = Omit<SupportPictures, 'classes'> & {
  readonly classes: ReadonlyMap<string, readonly SupportImage[]>
}

async function supportOfTable(table: string, reduceTo: number): Promise<Opened> {
  const { images, notes } = await listImages(table)
  if (images.length === 0) {
    throw new InputError(`${table}: lists no pictures; expected lines of filename,label`)
  }
  const classes = new Map<string, SupportImage[]>()
  for (const { file, label } of images) {
    const image = { name: file, file, read: () => decodePictureFile(file, { reduceTo }) }
    const ofClass = classes.get(label!)
    if (ofClass) ofClass.push(image)
    else classes.set(label!, [image])
  }
  return { classes, notes, close: async () => {} }
}

async function supportOfFolders(root: string, reduceTo: number): Promise<Opened> {
  const dataset = await openDataset({ root, layout: 'classes', reduceTo, cacheBytes: 0 })
  const classes = dataset.splits.all!.classes.map(({ name, images }) => {
    const ofClass = images.map((image): SupportImage => {
      const file = dataset.fileOf?.(image)
      return { name: file ?? `${root}: ${image.id}`, file, read: () => dataset.read(image) }
    })
    return [name, ofClass] as const
  })
  return {
    classes: new Map(classes),
    notes: dataset.notes,
    close: () => dataset.close(),
  }
}

/** @throws {InputError} when a file is an example of two classes */
async function eachFileOnce(path: string, all: Opened['classes']) {
  const seen = new Map<string, { readonly label: string; readonly name: string }>()
  const classes = new Map<string, NamedImage[]>()
  let repeated = 0
  for (const [label, images] of all) {
    const identities = await Promise.all(images.map(({ file, name }) => (file ? identityOfFile(file) : name)))
    const kept = images.filter(({ name }, index) => {
      const before = seen.get(identities[index]!)
      if (!before) {
        seen.set(identities[index]!, { label, name })
        return true
      }
      if (before.label !== label) {
        throw new InputError(
          `${path}: ${before.name} and ${name} are the same file, as examples of ${before.label} and of ${label}; leave one`,
        )
      }
      repeated++
      return false
    })
    classes.set(label, kept)
  }
  return { classes, repeated }
}
