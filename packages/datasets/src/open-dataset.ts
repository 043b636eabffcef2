import { basename, resolve } from 'node:path'
import { InputError } from '@m2l/engine'
import type { Dataset, ImageRecord } from './dataset.js'
import type { DecodeOptions } from './decoding/decode-picture.js'
import { ImageCache } from './decoding/image-cache.js'
import { PictureDecoder } from './decoding/picture-decoder.js'
import { rotateImage } from './decoding/rotate-image.js'
import type { LayoutIndex, LayoutName } from './layouts/layout.js'
import { readLayout } from './layouts/read-layout.js'
import { mapConcurrently } from './map-concurrently.js'
import { openTree } from './sources/open-tree.js'
import { ownSplitsOf, type Splits, splitsOfFile } from './splits/build-splits.js'
import { readSplitFile, type SplitFile } from './splits/split-file.js'

/** What to open, and how. */
export interface OpenDatasetOptions extends DecodeOptions {
  /** A folder, or a zip, tar or tar.gz archive, which is read in place. */
  readonly root: string
  /** What to call the data set; by default the last part of `root` without its extension. */
  readonly name?: string
  /** A shipped split (`cifar-fs`, …), the path of a YAML file, or the splits themselves. By default the source's own. */
  readonly split?: string | SplitFile
  /** The splits to open, which must be complete; others need not be there. By default all. */
  readonly only?: readonly string[]
  /** How images lie in the source; by default it is recognised. */
  readonly layout?: LayoutName
  /** Decoded pixels to keep in memory, in bytes. Default 256 MiB: all of CIFAR-100 fits. */
  readonly cacheBytes?: number
}

/** Enough to keep several threads busy while results are taken up. */
const decodedAtOnce = 64

/**
 * Opens an image data set: finds its classes and images, without reading pixels, and divides them into splits.
 *
 * @throws InputError when the source cannot be read, has no known layout, or lacks a class that a split names.
 */
export async function openDataset(options: OpenDatasetOptions): Promise<Dataset> {
  const { root, only, cacheBytes = 2 ** 28 } = options
  if (!Number.isSafeInteger(cacheBytes) || cacheBytes < 0) {
    throw new InputError(`cacheBytes is ${cacheBytes}; give a whole number of bytes, 0 or more`)
  }
  const file = typeof options.split === 'string' ? await readSplitFile(options.split) : options.split
  const tree = await openTree(root)
  const decoder = new PictureDecoder(tree, options)
  let index: LayoutIndex
  let splits: Splits
  try {
    const decode = (path: string) => decoder.decode(path)
    index = await readLayout({ tree, decode, ...(only && !file && { only }) }, options.layout)
    splits = file ? splitsOfFile(root, index, file, only) : ownSplitsOf(root, index, only)
  } catch (error) {
    await tree.close()
    throw error
  }
  return dataset(options.name ?? nameOf(root), splits, index, cacheBytes, async () => {
    await decoder.settle()
    await tree.close()
  })
}

function dataset(
  name: string,
  splits: Splits,
  index: LayoutIndex,
  cacheBytes: number,
  closeTree: () => Promise<void>,
): Dataset {
  const cache = new ImageCache(cacheBytes, (id) => index.read(id))
  let open = true
  const read = async ({ id, rotation }: ImageRecord) => {
    if (!open) throw new Error(`data set ${name} is closed`)
    return rotateImage(await cache.read(id), rotation ?? 0)
  }
  return {
    name,
    splits,
    read,
    readMany: (images) => mapConcurrently(images, decodedAtOnce, read),
    async close() {
      if (!open) return
      open = false
      cache.clear()
      await closeTree()
    },
  }
}

function nameOf(root: string): string {
  return basename(resolve(root)).replace(/(?<=.)\.(zip|tar|tgz|tar\.gz)$/i, '')
}
