import { randomKey } from '@m2l/engine'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { RgbImage } from '../rgb-image.js'
import { type Axis, axisMap } from './axis-map.js'
import { levelMap } from './level-map.js'
import { imagenetNormalisation } from './normalise.js'
import { resamplePlainly } from './resample-plainly.test.helper.js'
import { resample, type Resampling } from './resample.js'

function noise(height: number, width: number, seed: number): RgbImage {
  const random = randomKey(seed).generator()
  return { height, width, data: Uint8Array.from({ length: height * width * 3 }, () => random.integer(256)) }
}

/** An axis of a picture that is so long. */
const axisOf = (length: number, longest: number): fc.Arbitrary<Axis> =>
  fc
    .record({ windowStart: fc.nat(length - 1), resizedLength: fc.integer({ min: 1, max: longest }) })
    .chain(({ windowStart, resizedLength }) =>
      fc.record({
        windowStart: fc.constant(windowStart),
        windowLength: fc.integer({ min: 1, max: length - windowStart }),
        resizedLength: fc.constantFrom(resizedLength, length - windowStart),
        reversed: fc.boolean(),
        filter: fc.constantFrom('bilinear' as const, 'bicubic' as const),
      }),
    )
    .chain((axis) =>
      fc.nat(axis.resizedLength - 1).chain((cutStart) =>
        fc.integer({ min: 1, max: axis.resizedLength - cutStart }).map((cutLength) => ({
          ...axis,
          cutStart,
          cutLength,
        })),
      ),
    )

interface Case {
  readonly image: RgbImage
  readonly resampling: Resampling
}

const cases = (longest: number): fc.Arbitrary<Case> => {
  const side = fc.integer({ min: 1, max: longest })
  return fc.tuple(side, side, fc.nat(), fc.boolean(), fc.boolean()).chain(([height, width, seed, ...flags]) =>
    fc.tuple(axisOf(width, longest), axisOf(height, longest)).map(([columns, rows]) => ({
      image: noise(height, width, seed),
      resampling: {
        columns: axisMap(columns),
        rows: axisMap({ ...rows, reversed: false }),
        columnsFirst: flags[0],
        levels: levelMap(flags[1] ? imagenetNormalisation : undefined),
      },
    })),
  )
}

function expectAsPlainly({ image, resampling }: Case): void {
  const { rows, columns } = resampling
  const length = rows.length * columns.length * 3
  const output = new Float32Array(length + 2).fill(-1)
  resample(image, resampling, output.subarray(1, -1))
  const expected = resamplePlainly(image, resampling)
  expect(Buffer.from(output.buffer, 4, 4 * length).equals(Buffer.from(expected.buffer))).toBe(true)
  expect([output[0], output[length + 1]]).toEqual([-1, -1])
}

describe('to the bit, the passes compute the rounded sums of both axes', () => {
  test('whatever the sizes, windows, cuts, flips and the order', () => {
    fc.assert(fc.property(cases(40), expectAsPlainly), { numRuns: 400 })
  })

  test.each([true, false])(
    'of pictures that are summed in several bands, columns first %s',
    (columnsFirst) => {
      const image = noise(1300, 500, 1)
      const whole = { windowStart: 0, cutStart: 0, reversed: false, filter: 'bicubic' as const }
      for (const [height, width, windowWidth] of [
        [40, 30, 500],
        [1, 700, 500],
        [1300, 60, 100],
        [700, 9, 500],
      ] as const) {
        const columns = { windowLength: windowWidth, resizedLength: width, cutLength: width }
        const rows = { windowLength: 1300, resizedLength: height, cutLength: height }
        expectAsPlainly({
          image,
          resampling: {
            columns: axisMap({ ...whole, ...columns }),
            rows: axisMap({ ...whole, ...rows }),
            columnsFirst,
            levels: levelMap(imagenetNormalisation),
          },
        })
      }
    },
  )
})

test('a picture that needs more memory than is kept, and one after it', () => {
  const [height, width] = [2600, 9000]
  const colour = [10, 100, 250]
  const image = { height, width, data: new Uint8Array(height * width * 3) }
  for (let at = 0; at < image.data.length; at++) image.data[at] = colour[at % 3]!
  const point = {
    windowStart: 0,
    resizedLength: 1,
    cutStart: 0,
    cutLength: 1,
    reversed: false,
    filter: 'bilinear' as const,
  }
  const levels = levelMap(undefined)
  for (const columnsFirst of [true, false]) {
    const output = new Float32Array(3)
    const columns = axisMap({ ...point, windowLength: width })
    resample(
      image,
      { columns, rows: axisMap({ ...point, windowLength: height }), columnsFirst, levels },
      output,
    )
    expect([...output]).toEqual(colour)
  }
  expectAsPlainly(fc.sample(cases(40), { numRuns: 1, seed: 1 })[0]!)
})
