import { InputError } from '@m2l/engine'
import type { ImageClass } from '../dataset.js'
import { isImageFile, isLeftover } from '../image-file.js'
import type { Splits } from '../splits/build-splits.js'

/** A picture of the source and the place that it gets. */
export interface PictureFile {
  readonly id: string
  /** POSIX path below the prepared folder. */
  readonly path: string
}

/**
 * Where the pictures of a data set go: `<split>/<class>/<file>`, in code-unit order of the paths. A file
 * keeps its name; where the pictures of one class come from several folders, those are put before it:
 * `train_00042.png`.
 *
 * @throws InputError when a name cannot be that of a file below the folder, or two pictures would get the
 *   same
 */
export function pictureFiles(root: string, splits: Splits): PictureFile[] {
  const files = Object.values(splits).flatMap((split) =>
    split.classes.flatMap((ofClass) => filesOfClass(ofClass, `${split.name}/${ofClass.name}`)),
  )
  return checkedFiles(root, files)
}

/** The same files where they are now: for a layout that is kept. */
export function keptFiles(root: string, splits: Splits): PictureFile[] {
  const images = Object.values(splits).flatMap(({ classes }) => classes.flatMap((ofClass) => ofClass.images))
  return checkedFiles(
    root,
    images.map(({ id }) => ({ id, path: id })),
  )
}

function filesOfClass({ name, images }: ImageClass, folder: string): PictureFile[] {
  const places = images.map(({ id }) => placeInClass(id, name))
  const shared = sharedFolders(places)
  return images.map(({ id }, index) => {
    const file = places[index]!.slice(shared).join('_')
    return { id, path: `${folder}/${isImageFile(file) ? file : `${file}.png`}` }
  })
}

/** An id without the folders that name its class. */
function placeInClass(id: string, className: string): string[] {
  const at = `/${id}`.lastIndexOf(`/${className}/`)
  return (at < 0 ? id : id.slice(0, at) + id.slice(at + className.length + 1)).split('/')
}

/** How many folders all places begin with. */
function sharedFolders(places: readonly string[][]): number {
  const [first = []] = places
  let count = 0
  while (places.every((place) => count < place.length - 1 && place[count] === first[count])) count++
  return count
}

function checkedFiles(root: string, files: PictureFile[]): PictureFile[] {
  const taken = new Set<string>()
  for (const { id, path } of files) {
    const parts = path.split('/')
    if (/[\\\p{Cc}]/u.test(path) || parts.includes('') || parts.includes('..') || isLeftover(path)) {
      throw new InputError(
        `${root}: picture ${JSON.stringify(id)} would become ${JSON.stringify(path)}, which is no portable name of a file; do not use this source`,
      )
    }
    if (taken.has(path))
      throw new InputError(`${root}: two pictures would become ${JSON.stringify(path)}; rename one`)
    taken.add(path)
  }
  return files.toSorted((a, b) => (a.path < b.path ? -1 : 1))
}
