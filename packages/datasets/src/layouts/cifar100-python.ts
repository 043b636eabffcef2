import { InputError } from '@m2l/engine'
import {
  ByteRange,
  NumpyArray,
  numpyConstructors,
  PickleError,
  pickleText,
  readPickle,
  type PickleDict,
  type PickleValue,
} from '@m2l/pickle'
import type { ByteSource } from '../sources/byte-source.js'
import { type FileTree, parentOf } from '../sources/file-tree.js'
import { type CifarHalf, cifarHalves, cifarImageBytes, cifarIndex } from './cifar100.js'
import type { LayoutIndex, LayoutInput } from './layout.js'

/** Whether a tree has the layout of {@link readCifarPython}. */
export function detectCifarPython(tree: FileTree): boolean {
  return findParts(tree) !== undefined
}

/**
 * CIFAR-100's Python release: pickles named `train` and `test` (or one of them) beside one named `meta`. The
 * pickles are parsed, not run; afterwards pixels are read in place.
 *
 * @throws InputError when a pickle is damaged or does not hold what CIFAR-100's do.
 */
export async function readCifarPython({ tree }: LayoutInput): Promise<LayoutIndex> {
  const parts = findParts(tree)
  if (!parts) throw new InputError(`${tree.root}: holds no pickles named train or test beside one named meta`)
  const label = tree.label(parts.meta)
  const names = list(parse(label, await tree.read(parts.meta)), label, 'fine_label_names').map(pickleText)
  if (!names.every((name) => name !== undefined))
    throw unexpected(label, 'fine_label_names', 'a name is not UTF-8')
  const halves: CifarHalf[] = []
  for (const [name, file] of parts.halves)
    halves.push(await openHalf(name, await tree.open(file), names.length))
  return cifarIndex(label, names, halves)
}

function findParts(tree: FileTree): { meta: string; halves: [string, string][] } | undefined {
  for (const meta of tree.files.filter((file) => `/${file}`.endsWith('/meta'))) {
    const folder = parentOf(meta)
    const halves = cifarHalves
      .map((half): [string, string] => [half, folder === '' ? half : `${folder}/${half}`])
      .filter(([, file]) => tree.files.includes(file))
    if (halves.length > 0) return { meta, halves }
  }
  return undefined
}

async function openHalf(name: string, source: ByteSource, classes: number): Promise<CifarHalf> {
  const bytes = await source.read(0, source.size)
  const dict = parse(source.name, bytes)
  const labels = list(dict, source.name, 'fine_labels') as number[]
  const pixels = placeOfRows(dict.get('data'), labels.length)
  if (pixels === undefined) throw unexpected(source.name, 'data')
  if (!labels.every((label) => Number.isInteger(label) && label >= 0 && label < classes)) {
    throw unexpected(source.name, 'fine_labels')
  }
  return {
    name,
    labels,
    pixels: (index) => source.read(pixels + index * cifarImageBytes, cifarImageBytes),
  }
}

/** Where the bytes of a numpy array of `count` rows of an image each start, where the value is one. */
function placeOfRows(value: PickleValue | undefined, count: number): number | undefined {
  if (!(value instanceof NumpyArray) || !(value.data instanceof ByteRange)) return undefined
  const { dtype, shape, fortranOrder, data } = value
  const isRows = shape.length === 2 && shape[0] === count && shape[1] === cifarImageBytes
  return dtype === '|u1' && isRows && !fortranOrder ? data.offset : undefined
}

function parse(name: string, bytes: Buffer): PickleDict {
  try {
    const { value } = readPickle(bytes, { constructors: numpyConstructors, leaveBytesFrom: cifarImageBytes })
    if (value instanceof Map) return value
  } catch (error) {
    if (!(error instanceof PickleError)) throw error
    throw new InputError(`${name}: is not a pickle of CIFAR-100 (${error.message}); fetch it again`)
  }
  throw new InputError(`${name}: is not a pickle of CIFAR-100 (no dict); fetch it again`)
}

function list(dict: PickleDict, name: string, key: string): PickleValue[] {
  const value = dict.get(key)
  if (!Array.isArray(value)) throw unexpected(name, key)
  return value
}

function unexpected(name: string, key: string, why?: string): InputError {
  const reason = why === undefined ? '' : ` (${why})`
  return new InputError(`${name}: "${key}" is not as in CIFAR-100's Python release${reason}; fetch it again`)
}
