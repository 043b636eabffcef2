import { basename, resolve } from 'node:path'
import { InputError } from '@m2l/engine'
import type { Dataset, ImageRecord } from './dataset.js'
import type { DecodeOptions, RgbImage } from '@m2l/pictures'
import { ImageCache } from './decoding/image-cache.js'
import { PictureDecoder } from './decoding/picture-decoder.js'
import { rotateImage } from '@m2l/pictures/pixels'
import { exclusionsOf } from './exclusions/exclusion-list.js'
import { leaveOut, notesOnStrangers } from './exclusions/leave-out.js'
import { eachFileOnce, passedOverBy } from './layouts/each-file-once.js'
import type { LayoutIndex, LayoutName } from './layouts/layout.js'
import { readLayout } from './layouts/read-layout.js'
import { mapConcurrently } from './map-concurrently.js'
import { openPack, type PackOptions } from './pack/open-pack.js'
import type { PackReader } from './pack/pack-file.js'
import { describeLeftOut, joinLeftOut, type LeftOut } from './sources/left-out.js'
import { openTree } from './sources/open-tree.js'
import { recordedTree } from './sources/recorded-tree.js'
import { ownSplitsOf, splitsOfFile } from './splits/build-splits.js'
import { type SplitFile, splitOfOption } from './splits/split-file.js'

/** What to open, and how. */
export interface OpenDatasetOptions extends DecodeOptions, PackOptions {
  /** A folder, or a zip, tar or tar.gz archive, which is read in place. */
  readonly root: string
  /** What to call the data set; by default the last part of `root` without its extension. */
  readonly name?: string
  /**
   * A shipped split (`cifar-fs`, …), the path of a YAML file, or the splits themselves. By default the
   * source's own.
   */
  readonly split?: string | SplitFile
  /** The splits to open, which must be complete; others need not be there. By default all. */
  readonly only?: readonly string[]
  /**
   * Pictures to leave out: the path of a list as `writeExclusionList` writes it, or their ids. A class that
   * has no others is left out too. `hash` is of what stays.
   */
  readonly exclude?: string | readonly string[]
  /** How images lie in the source; by default it is recognised. */
  readonly layout?: LayoutName
  /** Decoded pixels to keep in memory, in bytes. Default 256 MiB: all of CIFAR-100 fits. */
  readonly cacheBytes?: number
}

/**
 * Enough for a batch to be asked for in one turn of the event loop, since the next turn may be a training
 * step away.
 */
const decodedAtOnce = 1024

/**
 * Opens an image data set: finds its classes and images, without reading pixels, and divides them into
 * splits.
 *
 * @throws InputError when the source cannot be read, has no known layout, or lacks a class that a split
 *   names, or when a list of pictures to leave out cannot be read or names none of its pictures.
 */
export async function openDataset(options: OpenDatasetOptions): Promise<Dataset> {
  const { root, only, cacheBytes = 2 ** 28 } = options
  if (!Number.isSafeInteger(cacheBytes) || cacheBytes < 0) {
    throw new InputError(`cacheBytes is ${cacheBytes}; give a whole number of bytes, 0 or more`)
  }
  const file = options.split === undefined ? undefined : await splitOfOption(options.split)
  const excluded = await exclusionsOf(options.exclude)
  const tree = await openTree(root)
  const decoder = new PictureDecoder(tree, options)
  const close = async () => {
    await decoder.settle()
    await tree.close()
  }
  try {
    const decode = (path: string) => decoder.decode(path)
    const recorded = recordedTree(tree)
    const input = { tree: recorded.tree, decode, ...(only && !file && { only }) }
    const whole = await readLayout(input, options.layout)
    const once = eachFileOnce(whole, file)
    const leftOut = joinLeftOut([tree.leftOut, passedOverBy(whole, tree, recorded.read), once.leftOut])
    const index = excluded ? leaveOut(root, once.index, excluded, file) : once.index
    const strange = excluded ? notesOnStrangers(root, once.index, excluded) : []
    const splits = file ? splitsOfFile(root, index, file, only) : ownSplitsOf(root, index, only)
    const name = options.name ?? datasetName(root)
    const nameOf = (id: string) => index.pathOf?.(id) ?? `${root}: ${id}`
    const read = async (id: string) => named(await index.read(id), nameOf(id))
    const pack = await openPack({ name, tree, splits, read, decodeOptions: options, cacheBytes }, options)
    return dataset(
      { name, splits, leftOut, notes: [...notesOf(root, whole, leftOut), ...strange] },
      new ImageCache(cacheBytes, pack ? throughPack(pack, read, nameOf) : read),
      (id) => index.pathOf?.(id),
      async () => {
        await pack?.close()
        await close()
      },
    )
  } catch (error) {
    await close()
    throw error
  }
}

/** Reads a picture from the pack; from the source where the pack lacks it or is damaged there. */
function throughPack(
  pack: PackReader,
  read: (id: string) => Promise<RgbImage>,
  nameOf: (id: string) => string,
) {
  return async (id: string): Promise<RgbImage> => {
    const packed = await pack.read(id)
    if (packed === 'damaged') await pack.discard()
    return packed === undefined || packed === 'damaged' ? read(id) : named(packed, nameOf(id))
  }
}

/** Bare pixels do not know what they are called. */
function named(image: RgbImage, name: string): RgbImage {
  return image.name === undefined ? { ...image, name } : image
}

function dataset(
  described: Pick<Dataset, 'name' | 'splits' | 'leftOut' | 'notes'>,
  cache: ImageCache,
  pathOf: (id: string) => string | undefined,
  closeSource: () => Promise<void>,
): Dataset {
  let open = true
  const read = async ({ id, rotation }: ImageRecord) => {
    if (!open) throw new Error(`data set ${described.name} is closed`)
    return rotateImage(await cache.read(id), rotation ?? 0)
  }
  return {
    ...described,
    read,
    fileOf: ({ id }) => pathOf(id),
    readMany: (images) => mapConcurrently(images, decodedAtOnce, read),
    async close() {
      if (!open) return
      open = false
      cache.clear()
      await closeSource()
    },
  }
}

/** What a layout notes, and in a line what was left out; layouts themselves tell of pictures in no class. */
function notesOf(root: string, { notes = [] }: LayoutIndex, leftOut: readonly LeftOut[]): string[] {
  const line = describeLeftOut(leftOut.filter(({ reason }) => reason !== 'no-class' || notes.length === 0))
  return line === undefined ? [...notes] : [...notes, `${root}: ${line}`]
}

/** What a source is called unless it is given a name. */
export function datasetName(root: string): string {
  return basename(resolve(root)).replace(/(?<=.)\.(zip|tar|tgz|tar\.gz)$/i, '')
}
