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
})
