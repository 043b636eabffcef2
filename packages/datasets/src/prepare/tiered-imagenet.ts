import { NumpyArray, type PickleBytes } from '@m2l/pickle'
import { decodeText, InputError } from '@m2l/engine'
import { decodePicture } from '@m2l/pictures'
import type { LayoutIndex, LayoutInput } from '../layouts/layout.js'
import { readLayout } from '../layouts/read-layout.js'
import type { FileTree } from '../sources/file-tree.js'
import { readSplitFile, type SplitName } from '../splits/split-file.js'
import { numberedClass } from './labelled-pickles.js'
import { readNpzPictures } from './npz-pictures.js'
import { byLabel, type PickledSplit, pickleIndex, splitFiles } from './pickle-index.js'
import { dictOf, integersOf, openPickled, textsOf, unexpected } from './pickle-file.js'

/**
 * tieredImageNet from class folders, or from pictures in `{train,val,test}_images_png.pkl` (PNG files) or
 * `{train,val,test}_images.npz` (pixels) with labels in `{train,val,test}_labels.pkl`. Classes that the
 * labels call by words get their WordNet ids from `class_names.txt` and `synsets.txt` where those are there.
 *
 * @throws InputError when a file is missing, or holds something else
 */
export async function readTieredImageNet(input: LayoutInput): Promise<LayoutIndex> {
  const { tree } = input
  const labels = splitFiles(tree, (split) => new RegExp(`^${split}_labels\\.p(ic)?kle?$`))
  if (labels.size === 0) return readLayout(input)
  const pngs = splitFiles(tree, (split) => new RegExp(`^${split}_images_png\\.p(ic)?kle?$`))
  const arrays = splitFiles(tree, (split) => new RegExp(`^${split}_images\\.npz$`))
  const isPng = pngs.size >= arrays.size
  const published = (await readSplitFile('tiered-imagenet')).classes
  const splits: PickledSplit[] = []
  for (const [split, path] of labels) {
    const file = (isPng ? pngs : arrays).get(split)
    if (file === undefined) {
      throw new InputError(
        `${tree.label(path)}: has no ${split}_images_png.pkl or ${split}_images.npz beside it; add it`,
      )
    }
    const images = isPng ? await readPngs(tree, file) : await readNpzPictures(tree, file)
    const ids = await wordNetIds(tree, new Set(published[split as SplitName]))
    splits.push({
      split,
      ...images,
      classes: await readLabels(tree, path, images.count, nameClasses(split, ids)),
    })
  }
  return pickleIndex(splits)
}

/** A list of arrays of bytes, each a PNG file. */
async function readPngs(
  tree: FileTree,
  path: string,
): Promise<Pick<PickledSplit, 'read' | 'file'> & { count: number }> {
  const file = await openPickled(tree, path)
  const value = Array.isArray(file.value) ? file.value : []
  const isFile = (one: unknown): one is NumpyArray => one instanceof NumpyArray && one.dtype === '|u1'
  if (value.length === 0 || !value.every(isFile)) throw unexpected(file, 'is no list of PNG files as arrays')
  const places: PickleBytes[] = value.map(({ data }) => data)
  const bytes = (index: number): Promise<Buffer> => file.bytes(places[index]!)
  return {
    count: places.length,
    file: bytes,
    read: async (index) => decodePicture(await bytes(index), `${file.name}: picture ${index}`),
  }
}

async function readLabels(
  tree: FileTree,
  path: string,
  count: number,
  nameOf: (label: number, word?: string) => string,
): Promise<Map<string, number[]>> {
  const file = await openPickled(tree, path)
  const dict = dictOf(file)
  const labels = await integersOf(file, dict.get('label_specific') ?? dict.get('labels'))
  if (labels?.length !== count)
    throw unexpected(file, `"label_specific" are not ${count} whole numbers, one a picture`)
  const stored = dict.get('label_specific_str')
  const words = textsOf(stored)
  if (stored !== undefined && !words)
    throw unexpected(file, '"label_specific_str" is no list of texts of UTF-8')
  if (words && labels.some((label) => words[label] === undefined))
    throw unexpected(file, '"label_specific" has a label without a name')
  return byLabel(labels, (label) => nameOf(label, words?.[label]))
}

/**
 * Classes are called by their WordNet ids; else by split, number and words, since splits have words in
 * common.
 */
function nameClasses(
  split: string,
  ids: ReadonlyMap<string, string>,
): (label: number, word?: string) => string {
  const numbered = numberedClass(split)
  return (label, word) => {
    if (word === undefined) return numbered(label)
    return ids.get(word) ?? (wordNetId.test(word) ? word : `${numbered(label)} ${word.replaceAll('/', '-')}`)
  }
}

const wordNetId = /^n\d{8}$/

/** The WordNet ids of a split's classes by the words for them; words for several of them are left out. */
async function wordNetIds(
  tree: FileTree,
  ofSplit: ReadonlySet<string>,
): Promise<ReadonlyMap<string, string>> {
  const [words, ids] = await Promise.all(
    ['class_names.txt', 'synsets.txt'].map((name) => linesOf(tree, name)),
  )
  if (!words || words.length !== ids?.length) return new Map()
  const pairs = words
    .map((word, index): [string, string] => [word, ids[index]!])
    .filter(([, id]) => ofSplit.has(id))
  return new Map(pairs.filter(([word]) => pairs.filter(([other]) => other === word).length === 1))
}

async function linesOf(tree: FileTree, name: string): Promise<string[] | undefined> {
  const file = tree.files.find((path) => `/${path}`.endsWith(`/${name}`))
  if (file === undefined) return undefined
  return decodeText(await tree.read(file), tree.label(file))
    .trim()
    .split(/\s*[\r\n]\s*/)
}
