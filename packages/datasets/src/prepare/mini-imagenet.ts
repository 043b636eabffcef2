import { count } from '@m2l/engine'
import { pickleText } from '@m2l/pickle'
import type { LayoutIndex, LayoutInput } from '../layouts/layout.js'
import { readLayout } from '../layouts/read-layout.js'
import type { FileTree } from '../sources/file-tree.js'
import { readLabelledPickles } from './labelled-pickles.js'
import { type PickledSplit, pickleIndex, splitFiles } from './pickle-index.js'
import { dictOf, integersOf, openPickled, unexpected } from './pickle-file.js'
import { pixelArrays } from './pixel-arrays.js'

/**
 * miniImageNet from pictures (split folders, class folders, or CSV tables with pictures) or from either of
 * its common pickles: `mini-imagenet-cache-{train,val,test}.pkl` and
 * `miniImageNet_category_split_{train_phase_train,val,test}.pickle`.
 *
 * @throws InputError when a pickle holds something else
 */
export async function readMiniImageNet(input: LayoutInput): Promise<LayoutIndex> {
  const { tree } = input
  const caches = splitFiles(tree, (split) => new RegExp(`^mini-?imagenet-cache-${split}\\.p(ic)?kle?$`, 'i'))
  if (caches.size > 0) return readCaches(tree, caches)
  const categories = splitFiles(tree, (split) => {
    const part = split === 'train' ? 'train(_phase_train)?' : split
    return new RegExp(`^mini-?imagenet_category_split_${part}\\.p(ic)?kle?$`, 'i')
  })
  return categories.size > 0 ? readLabelledPickles(tree, categories) : readLayout(input)
}

/** Pickles of `image_data`, pixels, and `class_dict`, the numbers of each class's pictures by its name. */
async function readCaches(tree: FileTree, files: ReadonlyMap<string, string>): Promise<LayoutIndex> {
  const splits: PickledSplit[] = []
  for (const [split, path] of files) {
    const file = await openPickled(tree, path)
    const dict = dictOf(file)
    const images = pixelArrays(file, dict.get('image_data'))
    if (!images) throw unexpected(file, '"image_data" is no array of pictures of three bytes a pixel')
    const entries = dict.get('class_dict')
    if (!(entries instanceof Map)) throw unexpected(file, '"class_dict" is no dict')
    const classes = new Map<string, number[]>()
    for (const [key, value] of entries) {
      const name = pickleText(key)
      const indices = await integersOf(file, value)
      if (name === undefined) throw unexpected(file, '"class_dict" has a name that is no text of UTF-8')
      if (!indices?.every((index) => index >= 0 && index < images.count)) {
        throw unexpected(
          file,
          `"class_dict" has entries that are not numbers of its ${count(images.count, 'picture')}`,
        )
      }
      classes.set(name, indices)
    }
    splits.push({ split, classes, read: images.read })
  }
  return pickleIndex(splits)
}
