import { posix } from 'node:path'
import { isImageFile } from '../image-file.js'

/** Where the pictures of a table may lie. */
export interface PicturePlaces {
  /** What to call it all in a message. */
  readonly root: string
  /**
   * Where each picture of a folder is, by name; the folder is a path from the table's own. Nothing where
   * there is no such folder.
   */
  pictures(folder: string): ReadonlyMap<string, string> | undefined
  /** Folders that names start from, each name from the first that has it. */
  readonly near: readonly string[]
  /** Other folders that they may start from, then all of them from one. */
  readonly far: readonly string[]
  /** Pictures anywhere by their names alone, in the end. */
  readonly anywhere?: ReadonlyMap<string, readonly string[]>
  /** What the folders of the table are called, which names may begin with. */
  readonly ownNames: readonly string[]
}

/** Where the picture of a name is; nothing where it cannot be told. */
export type FindPicture = (name: string) => string | undefined

/**
 * How the names of a column lead to pictures: from the folder, and without the common beginning, by which
 * most do.
 *
 * Names are compared in Unicode's composed form (NFC), with `\` as `/`; where exactly one picture is meant,
 * also without its extension and without regard to capital letters.
 */
export function findPicturesOf(names: readonly string[], places: PicturePlaces): FindPicture {
  const listings = new Listings(places)
  const from =
    (bases: readonly string[], prefix = ''): FindPicture =>
    (name) => {
      const plain = plainName(name)
      if (!plain.startsWith(prefix)) return undefined
      for (const base of bases) {
        const found = listings.find(posix.join(base, plain.slice(prefix.length)))
        if (found !== undefined) return found
      }
      return undefined
    }
  const hits = (find: FindPicture): number => new Set(names.map(find).filter((one) => one !== undefined)).size
  const near = from(places.near)
  let best = { find: near, hits: hits(near) }
  const total = new Set(names.map(plainName)).size
  if (best.hits === total) return near
  const { anywhere } = places
  const byNameAlone: FindPicture = (name) => {
    const same = anywhere?.get(posix.basename(plainName(name)))
    return same?.length === 1 ? same[0] : undefined
  }
  for (const find of [
    ...prefixesOf(names, places.ownNames).map((prefix) => from(places.near, prefix)),
    ...places.far.map((base) => from([base])),
    ...(names.some((name) => plainName(name).includes('/')) ? [] : [byNameAlone]),
  ]) {
    const found = hits(find)
    if (found > best.hits) best = { find, hits: found }
  }
  return best.find
}

/** Pictures of folders, by their names in several forms. */
class Listings {
  readonly #places: PicturePlaces
  readonly #folders = new Map<string, Listing>()

  constructor(places: PicturePlaces) {
    this.#places = places
  }

  find(path: string): string | undefined {
    const folder = posix.dirname(path)
    const name = posix.basename(path)
    const { exact, loose } = this.#listing(folder === '.' ? '' : folder)
    const found = exact.get(name)
    if (found !== undefined) return found
    const near = loose.get(name.toLowerCase())
    return near?.length === 1 ? near[0] : undefined
  }

  #listing(folder: string): Listing {
    const known = this.#folders.get(folder)
    if (known) return known
    const exact = this.#places.pictures(folder) ?? new Map<string, string>()
    const loose = new Map<string, string[]>()
    for (const [name, picture] of exact) {
      const folded = name.toLowerCase()
      for (const key of [folded, folded.slice(0, folded.lastIndexOf('.'))])
        loose.set(key, [...(loose.get(key) ?? []), picture])
    }
    const listing = { exact, loose }
    this.#folders.set(folder, listing)
    return listing
  }
}

interface Listing {
  readonly exact: ReadonlyMap<string, string>
  readonly loose: ReadonlyMap<string, readonly string[]>
}

function plainName(name: string): string {
  const path = name.normalize('NFC').replaceAll('\\', '/')
  return isImageFile(path) || path !== '' ? posix.normalize(path) : path
}

/**
 * Beginnings that all names have in common and that are no part of where pictures lie: of absolute paths, or
 * the table's own folder.
 */
function prefixesOf(names: readonly string[], ownNames: readonly string[]): string[] {
  const paths = names.map(plainName)
  let common = posix.dirname(paths[0] ?? '').split('/')
  for (const path of paths) {
    const parts = path.split('/')
    const differs = common.findIndex((part, index) => parts[index] !== part)
    if (differs >= 0) common = common.slice(0, differs)
  }
  const isAbsolute = common[0] === '' || /^[a-z]:$/i.test(common[0] ?? '')
  return common.flatMap((part, index) =>
    (isAbsolute && index > 0) || ownNames.includes(part) ? [`${common.slice(0, index + 1).join('/')}/`] : [],
  )
}
