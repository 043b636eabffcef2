import { decodeText, InputError } from '@m2l/engine'
import type { ByteSource } from '../sources/byte-source.js'
import { type FileTree, parentOf } from '../sources/file-tree.js'
import { type CifarHalf, cifarHalves, cifarImageBytes, cifarIndex } from './cifar100.js'
import type { LayoutIndex, LayoutInput } from './layout.js'

const namesFile = 'fine_label_names.txt'

/** A record is a coarse label, a fine label and the image. */
const recordBytes = 2 + cifarImageBytes

/** How many records are read at once to learn the labels. */
const stride = 1024

/** Whether a tree has the layout of {@link readCifarBinary}. */
export function detectCifarBinary(tree: FileTree): boolean {
  return findParts(tree) !== undefined
}

/**
 * CIFAR-100's binary release, read in place: `train.bin` and `test.bin` (or one of them) beside
 * `fine_label_names.txt`.
 *
 * @throws InputError when a file is cut off or holds a label without a name.
 */
export async function readCifarBinary({ tree }: LayoutInput): Promise<LayoutIndex> {
  const parts = findParts(tree)
  if (!parts) throw new InputError(`${tree.root}: holds no train.bin or test.bin beside ${namesFile}`)
  const names = nameLines(await tree.read(parts.names), tree.label(parts.names))
  const halves: CifarHalf[] = []
  for (const [name, file] of parts.halves)
    halves.push(await openHalf(name, await tree.open(file), names.length))
  return cifarIndex(tree.label(parts.names), names, halves)
}

/** Labels count the lines, so that none may be left out. */
function nameLines(bytes: Buffer, name: string): string[] {
  const lines = decodeText(bytes, name)
    .trimEnd()
    .split(/\r\n|\n|\r/)
  const empty = lines.findIndex((line) => line.trim() === '')
  if (empty >= 0) throw new InputError(`${name} line ${empty + 1}: names no class; fetch it again`)
  return lines.map((line) => line.trim())
}

function findParts(tree: FileTree): { names: string; halves: [string, string][] } | undefined {
  for (const names of tree.files.filter((file) => `/${file}`.endsWith(`/${namesFile}`))) {
    const folder = parentOf(names)
    const halves = cifarHalves
      .map((half): [string, string] => [half, folder === '' ? `${half}.bin` : `${folder}/${half}.bin`])
      .filter(([, file]) => tree.files.includes(file))
    if (halves.length > 0) return { names, halves }
  }
  return undefined
}

async function openHalf(name: string, bytes: ByteSource, classes: number): Promise<CifarHalf> {
  const count = bytes.size / recordBytes
  if (!Number.isInteger(count)) {
    throw new InputError(
      `${bytes.name}: is not a whole number of ${recordBytes}-byte records; fetch it again`,
    )
  }
  const labels = new Uint8Array(count)
  for (let start = 0; start < count; start += stride) {
    const records = await bytes.read(start * recordBytes, Math.min(stride, count - start) * recordBytes)
    for (let at = 0; at * recordBytes < records.length; at++)
      labels[start + at] = records[at * recordBytes + 1]!
  }
  const stray = labels.findIndex((label) => label >= classes)
  if (stray >= 0) {
    throw new InputError(
      `${bytes.name}: record ${stray} has label ${labels[stray]}, but there are ${classes} classes`,
    )
  }
  return {
    name,
    labels,
    pixels: (index) => bytes.read(index * recordBytes + 2, cifarImageBytes),
  }
}
