import type { ReadableImage } from '@m2l/classifier'
import { fileImage } from './file-image.js'
import { realpath } from 'node:fs/promises'
import { dirname, join, resolve, sep } from 'node:path'
import {
  datasetName,
  describeLeftOut,
  joinLeftOut,
  listImages,
  unreadHint,
  type ImageList,
} from '@m2l/datasets'
import { InputError } from '@m2l/engine'
import { classOfPlace, liesBelow, type NamedClass, type Place } from './class-of-place.js'
import { counted, placeNotes, repetitionNotes } from './notes.js'
import { identityOfFile } from './real-file.js'

/** A picture to classify. */
export interface QueryPicture {
  /** Its path; of an archive's pictures what messages call it. */
  readonly file: string
  readonly image: ReadableImage
  /**
   * Its class where its place says it: the nearest folder above it that is called as a class, or its label in
   * a table; null where these are no class; nothing where no place says anything.
   */
  readonly truth?: string | null
}

/** The pictures to classify, each real file once. */
export interface QueryPictures {
  readonly pictures: readonly QueryPicture[]
  /**
   * Labels of tables and folders beside those of classes that are no class, with their numbers of pictures.
   */
  readonly otherLabels: Readonly<Record<string, number>>
  /** What a person should be told of them. */
  readonly notes: readonly string[]
  /** What a person should be told of what their places say, where it is measured how many are right. */
  readonly placeNotes: readonly string[]
  /** Closes archives, after which their pictures cannot be read. */
  close(): Promise<void>
}

/**
 * The pictures of some folders, archives, tables and files.
 *
 * @param labels the classes
 * @throws {InputError} when one of them cannot be read, or there are no pictures
 */
export async function queryPictures(
  paths: readonly string[],
  labels: ReadonlySet<string>,
): Promise<QueryPictures> {
  if (!Array.isArray(paths) || paths.length === 0) {
    throw new InputError('query: expected a list of at least one folder, archive, table or picture')
  }
  const lists = await listAll(paths)
  const close = async () => {
    for (const list of lists) await list.close()
  }
  try {
    const found = (await Promise.all(lists.map((list, index) => placed(paths[index]!, list, labels)))).flat()
    if (found.length === 0) {
      const hint = unreadHint(lists.flatMap((list) => list.passedOver))
      throw new InputError(
        `${paths.join(', ')}: no pictures to classify; ${hint ?? 'name a folder or files of pictures'}`,
      )
    }
    const pictures = eachOnce(withTruth(found))
    const leftOut = describeLeftOut(joinLeftOut(lists.map((list) => list.leftOut)))
    const others = pictures.flatMap(({ truth, label }) => (truth === null ? [label!] : []))
    return {
      pictures: pictures.map(({ file, image, truth }) => ({
        file,
        image,
        truth,
      })),
      otherLabels: counted(others),
      notes: [
        ...lists.flatMap((list) => list.notes),
        ...(leftOut === undefined ? [] : [leftOut]),
        ...repetitionNotes(found, pictures),
      ],
      placeNotes: placeNotes(pictures, labels),
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

async function listAll(paths: readonly string[]): Promise<ImageList[]> {
  const lists = await Promise.allSettled(paths.map(listImages))
  const failed = lists.find((list) => list.status === 'rejected')
  if (!failed) return lists.map((list) => (list as PromiseFulfilledResult<ImageList>).value)
  for (const list of lists) if (list.status === 'fulfilled') await list.value.close()
  throw failed.reason
}

/** A picture as one of the given paths leads to it. */
export interface Found {
  readonly file: string
  readonly image: ReadableImage
  readonly identity: string
  /** Its label in a table, or the folder that it lies in. */
  readonly label?: string
  /** Whether the label is a table's, or the folder one below a given one, so that it says something. */
  readonly isLabelled: boolean
  readonly place?: Place
  readonly named?: NamedClass
}

/** A picture and what its places say of its class. */
export interface PlacedPicture extends Found {
  readonly truth: string | null | undefined
  /** All classes that they say. */
  readonly truths?: ReadonlySet<string>
}

async function placed(path: string, list: ImageList, labels: ReadonlySet<string>): Promise<Found[]> {
  const roots = list.kind === 'table' ? [] : await rootsOf(path, list.kind)
  const whole = await identityOfFile(path)
  const named = new Map<string, Pick<Found, 'place' | 'named'>>()
  return Promise.all(
    list.images.map(async ({ file, label, read }): Promise<Found> => {
      const common = {
        file,
        image: read ? { name: file, read } : fileImage(file),
        identity: read ? `${whole}${file.slice(path.length)}` : await identityOfFile(file),
      }
      if (list.kind === 'table') {
        const own = labels.has(label!) && { named: { label: label!, parent: '', isDirect: true } }
        return { ...common, label: label!, isLabelled: true, ...own }
      }
      const below = label ?? ''
      if (!named.has(below)) named.set(below, classBelow(roots, below, labels))
      const place = named.get(below)!
      return { ...common, label: label ?? roots[0]!.at(-1)!, isLabelled: label !== undefined, ...place }
    }),
  )
}

/** The folders down to the one that was given, as it was given and as links lead to it. */
async function rootsOf(path: string, kind: ImageList['kind']): Promise<string[][]> {
  const given = resolve(path)
  const real = await realpath(given).catch(() => given)
  return [...new Set([given, real])].map((root) => {
    const folder =
      kind === 'folder' ? root : kind === 'archive' ? join(dirname(root), datasetName(root)) : dirname(root)
    return folder.split(sep).map((name) => name.normalize('NFC'))
  })
}

function classBelow(
  roots: readonly string[][],
  below: string,
  labels: ReadonlySet<string>,
): Pick<Found, 'place' | 'named'> {
  const places = roots.map((root): Place => ({
    folders: below === '' ? root : [...root, ...below.split('/')],
    above: root.length - 1,
  }))
  const named = places.map((place) => classOfPlace(place, labels))
  const first = named.findIndex((one) => one !== undefined)
  return first < 0 ? { place: places[0]! } : { place: places[first]!, named: named[first]! }
}

/** Where some folder is a class, others below a given one or beside a class are none. */
function withTruth(found: readonly Found[]): PlacedPicture[] {
  const parents = new Set(found.flatMap(({ place, named }) => (place && named ? [named.parent] : [])))
  const namesClasses = found.some(({ place, named }) => place && named)
  return found.map((one) => {
    const { named, place, isLabelled } = one
    if (named) return { ...one, truth: named.label }
    const isNone = place ? namesClasses && (isLabelled || liesBelow(place, parents)) : isLabelled
    return { ...one, truth: isNone ? null : undefined }
  })
}

/**
 * Each real file as it was named first, with what all of its names say; nothing where they say several
 * classes.
 */
function eachOnce(found: readonly PlacedPicture[]): PlacedPicture[] {
  const byIdentity = new Map<string, PlacedPicture[]>()
  for (const one of found) {
    const same = byIdentity.get(one.identity)
    if (same) same.push(one)
    else byIdentity.set(one.identity, [one])
  }
  return [...byIdentity.values()].map((same) => {
    const truths = new Set(same.flatMap(({ truth }) => (typeof truth === 'string' ? [truth] : [])))
    if (truths.size === 0) return same.find(({ truth }) => truth === null) ?? same[0]!
    const first = same.find(({ truth }) => typeof truth === 'string')!
    return {
      ...first,
      file: same[0]!.file,
      image: same[0]!.image,
      truths,
      truth: truths.size === 1 ? first.truth : undefined,
    }
  })
}
