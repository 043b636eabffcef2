import { PictureDecoder } from '../decoding/picture-decoder.js'
import { readLayout } from '../layouts/read-layout.js'
import { mapConcurrently } from '../map-concurrently.js'
import type { RgbImage } from '@m2l/pictures'
import { openTree } from '../sources/open-tree.js'
import type { CheckOptions } from './check-dataset.js'

/** A large picture takes a hundred megabytes. */
const picturesAtOnce = 4

/**
 * Hands out pictures of a data set that a check has named, such as for a page; those that cannot be read are
 * passed over. Few are in memory at a time.
 *
 * @throws InputError when the source cannot be read or has no known layout
 */
export async function readPictures(
  { root, layout, transparency, maxPixels, signal }: CheckOptions,
  ids: readonly string[],
  use: (id: string, picture: RgbImage) => Promise<void>,
): Promise<void> {
  const tree = await openTree(root)
  const decodeOptions = {
    ...(transparency && { transparency }),
    ...(maxPixels !== undefined && { maxPixels }),
  }
  const decoder = new PictureDecoder(tree, decodeOptions)
  try {
    const { read } = await readLayout({ tree, decode: (path) => decoder.decode(path) }, layout)
    await mapConcurrently(ids, picturesAtOnce, async (id) => {
      signal?.throwIfAborted()
      const picture = await read(id).catch(() => undefined)
      if (picture) await use(id, picture)
    })
  } finally {
    await decoder.settle()
    await tree.close()
  }
}
