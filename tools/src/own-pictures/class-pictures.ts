import { listImages, type ListedImage } from '@m2l/datasets'
import { count, InputError } from '@m2l/engine'

/** The pictures of a folder or archive by their classes. */
export interface ClassPictures {
  readonly path: string
  /** In code-unit order of their names. */
  readonly classes: ReadonlyMap<string, readonly ListedImage[]>
  /** What a person should know of what is not measured, a line each. */
  readonly notes: readonly string[]
  /** Closes an archive, after which its pictures cannot be read. */
  close(): Promise<void>
}

/**
 * The class folders of a folder or archive, whose pictures suffice for a draw.
 *
 * @param ways how many of them a draw needs
 * @param least how many pictures a class must have
 * @throws {InputError} when it cannot be read or has fewer such classes
 */
export async function openClassPictures(path: string, ways: number, least: number): Promise<ClassPictures> {
  const list = await listImages(path)
  try {
    if (list.kind !== 'folder' && list.kind !== 'archive')
      throw new InputError(
        `${path}: is a ${list.kind}; expected a folder or an archive of class folders (--data)`,
      )
    const all = new Map<string, ListedImage[]>()
    for (const image of list.images) {
      if (image.label === undefined) continue
      const ofClass = all.get(image.label)
      if (ofClass) ofClass.push(image)
      else all.set(image.label, [image])
    }
    const classes = [...all].filter(([, images]) => images.length >= least)
    if (classes.length < ways)
      throw new InputError(
        `${path}: has ${count(classes.length, 'class folder')} of at least ${least} pictures; expected ${ways}, or fewer --ways`,
      )
    const few = all.size - classes.length
    const note = `${path}: ${count(few, 'class has', 'classes have')} fewer than ${least} pictures and take no part`
    const ordered = classes.toSorted(([a], [b]) => (a < b ? -1 : 1))
    return {
      path,
      classes: new Map(ordered),
      notes: few > 0 ? [note] : [],
      close: () => list.close(),
    }
  } catch (error) {
    await list.close()
    throw error
  }
}
