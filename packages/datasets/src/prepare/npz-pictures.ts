import { InputError } from '@m2l/engine'
import type { ByteSource } from '../sources/byte-source.js'
import type { FileTree } from '../sources/file-tree.js'
import { openZip } from '../sources/zip-tree.js'
import type { PixelArrays } from './pixel-arrays.js'

/**
 * The pictures of a numpy archive: its array `images` of shape [count, height, width, 3], bytes of red, green
 * and blue.
 *
 * Format: `numpy.lib.format`, versions 1 to 3.
 * @throws InputError when there is no such array
 */
export async function readNpzPictures(tree: FileTree, file: string): Promise<PixelArrays> {
  const archive = await openZip(await tree.open(file))
  if (!archive.files.includes('images.npy')) throw noPictures(tree.label(file))
  const array = await archive.open('images.npy')
  const { start, shape } = await readHeader(array, tree.label(file))
  const [count = 0, height = 0, width = 0] = shape
  const size = height * width * 3
  if (size === 0 || start + count * size !== array.size) throw noPictures(tree.label(file))
  return {
    count,
    read: async (index) => ({ width, height, data: await array.read(start + index * size, size) }),
  }
}

async function readHeader(array: ByteSource, label: string): Promise<{ start: number; shape: number[] }> {
  const prefix = await array.read(0, Math.min(12, array.size))
  const isLong = prefix[6]! > 1
  if (prefix.length < 12 || prefix.toString('latin1', 0, 6) !== '\x93NUMPY') throw noPictures(label)
  const from = isLong ? 12 : 10
  const length = isLong ? prefix.readUInt32LE(8) : prefix.readUInt16LE(8)
  if (length > 1 << 16) throw noPictures(label)
  const header = (await array.read(from, length)).toString('latin1')
  const shape = /'shape': \((\d+), (\d+), (\d+), 3\)/.exec(header)
  if (!shape || !/'descr': '\|u1'/.test(header) || !/'fortran_order': False/.test(header))
    throw noPictures(label)
  return { start: from + length, shape: shape.slice(1).map(Number) }
}

function noPictures(label: string): InputError {
  return new InputError(`${label}: has no array "images" of pictures of three bytes a pixel; fetch it again`)
}
