import { expect, test } from 'vitest'
import { type DecodedPicture, tryDecode } from '../pixels.js'
import { tiffOf } from './node/tiff/tiff-file.test.helper.js'

const grey = Array.from({ length: 320 }, (_, at) => at * 12)
const deep = (values: readonly number[]) => tiffOf({ width: 20, height: 16, values, bits: 16 })

/** Two pages: after the directory of the first follows a copy of it. */
function twoPages(): Buffer {
  const file = deep(grey.map((value) => value * 16))
  const directory = file.readUInt32LE(4)
  const end = directory + 2 + 12 * file.readUInt16LE(directory)
  const copy = Buffer.from(file.subarray(directory, end + 4))
  file.writeUInt32LE(file.length, end)
  return Buffer.concat([file, copy])
}

test.each([
  ['pages', twoPages(), ['several']],
  ['only the lowest 12 of 16 bits', deep(grey), ['dark']],
  ['all of 16 bits', deep(grey.map((value) => value * 16)), undefined],
  ['nothing but black', deep(grey.map(() => 0)), undefined],
])('of a TIFF file with %s', async (_, bytes, remarks) => {
  const decoded = await tryDecode(bytes)
  expect(decoded).toMatchObject({ width: 20, height: 16 })
  expect((decoded as DecodedPicture).remarks).toEqual(remarks)
})
