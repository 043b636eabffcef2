import { deflateSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MatFileError, readMatFile } from './mat-file.js'
import { matCells, matFile, matNumber, matStructs, matText } from './mat-file.test.helper.js'

const variables = {
  annotations: matStructs([
    { fname: matText('00001.jpg'), class: matNumber(14) },
    { fname: matText('a'), class: matNumber(3) },
  ]),
  class_names: matCells([matText('AM General Hummer SUV 2000'), matText('')]),
}

describe('a MAT-file', () => {
  test.each([true, false])('gives its variables (compressed: %s)', (compress) => {
    expect(readMatFile(matFile(variables, compress))).toEqual(
      new Map<string, unknown>([
        [
          'annotations',
          {
            structs: [
              new Map<string, unknown>([
                ['fname', '00001.jpg'],
                ['class', [14]],
              ]),
              new Map<string, unknown>([
                ['fname', 'a'],
                ['class', [3]],
              ]),
            ],
          },
        ],
        ['class_names', { cells: ['AM General Hummer SUV 2000', ''] }],
      ]),
    )
  })

  test('that is cut off or changed is refused or read, and nothing else happens', () => {
    const whole = matFile(variables, false)
    const outcome = (bytes: Buffer): boolean => {
      try {
        return readMatFile(bytes) instanceof Map
      } catch (error) {
        return error instanceof MatFileError
      }
    }
    fc.assert(fc.property(fc.nat(whole.length), (length) => outcome(whole.subarray(0, length))))
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), (at, value) => {
        const bytes = Buffer.from(whole)
        bytes[at] = value
        return outcome(bytes)
      }),
    )
    expect(() => readMatFile(Buffer.from('no table'))).toThrow('it is no MAT-file of version 5 or 7')
    expect(() => readMatFile(whole.subarray(0, -8))).toThrow('it is damaged or cut off')
  })

  test.each([
    ['a variable that unpacks to more than 32 MiB', Buffer.alloc(1 << 26), 'it is damaged or cut off'],
    ['empty elements by the million', Buffer.alloc(1 << 25), 'it holds more than tables do'],
  ])('is refused where it is a bomb: %s', (_, zeros, message) => {
    const header = matFile({}, true)
    const packed = deflateSync(zeros)
    const tag = Buffer.alloc(8)
    tag.writeUInt32LE(15)
    tag.writeUInt32LE(packed.length, 4)
    expect(() => readMatFile(Buffer.concat([header, tag, packed]))).toThrow(message)
  })
})
