import { InputError, randomKey } from '@m2l/engine'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type Size,
  gridParts,
  gridShares,
  gridSpans,
  parseGrid,
  randomResizedCrop,
  resizeThenCrop,
  squareResize,
} from '../index.js'

const sizes: fc.Arbitrary<Size> = fc.record({
  height: fc.integer({ min: 6, max: 600 }),
  width: fc.integer({ min: 6, max: 600 }),
})
const keys = fc.nat().map(randomKey)
const square = (side: number) => ({ height: side, width: side })

/** Spans that the M2L reference program computes: length, cells, ratio, spans. */
// prettier-ignore
const referenceSpans: [number, number, number, [number, number][]][] = [
  [84, 2, 1, [[0, 42], [42, 84]]],
  [84, 3, 1, [[0, 28], [28, 56], [56, 84]]],
  [84, 2, 1.37, [[0, 49], [35, 84]]],
  [84, 3, 1.37, [[0, 33], [23, 61], [51, 84]]],
  [84, 2, 2, [[0, 63], [21, 84]]],
  [84, 3, 2, [[0, 42], [14, 70], [42, 84]]],
  [84, 2, 2.9, [[0, 81], [3, 84]]],
  [84, 3, 2.9, [[0, 54], [2, 82], [30, 84]]],
  [32, 2, 1, [[0, 16], [16, 32]]],
  [32, 3, 1, [[0, 10], [10, 20], [20, 30]]],
  [32, 2, 1.37, [[0, 18], [14, 32]]],
  [32, 3, 1.37, [[0, 12], [8, 22], [18, 32]]],
  [32, 2, 2, [[0, 24], [8, 32]]],
  [32, 3, 2, [[0, 15], [5, 25], [15, 32]]],
  [32, 2, 2.9, [[0, 31], [1, 32]]],
  [32, 3, 2.9, [[0, 20], [0, 30], [10, 32]]],
  [500, 2, 1, [[0, 250], [250, 500]]],
  [500, 3, 1, [[0, 166], [166, 332], [332, 498]]],
  [500, 2, 1.37, [[0, 296], [204, 500]]],
  [500, 3, 1.37, [[0, 197], [135, 363], [301, 500]]],
  [500, 2, 2, [[0, 375], [125, 500]]],
  [500, 3, 2, [[0, 249], [83, 415], [249, 500]]],
  [500, 2, 2.9, [[0, 487], [13, 500]]],
  [500, 3, 2.9, [[0, 324], [8, 490], [174, 500]]],
  [333, 2, 1, [[0, 166], [166, 332]]],
  [333, 3, 1, [[0, 110], [111, 221], [222, 332]]],
  [333, 2, 1.37, [[0, 197], [135, 333]]],
  [333, 3, 1.37, [[0, 131], [90, 242], [201, 333]]],
  [333, 2, 2, [[0, 249], [83, 333]]],
  [333, 3, 2, [[0, 166], [55, 277], [166, 333]]],
  [333, 2, 2.9, [[0, 324], [8, 333]]],
  [333, 3, 2.9, [[0, 215], [6, 326], [117, 333]]],
  [17, 2, 1, [[0, 8], [8, 16]]],
  [17, 3, 1, [[0, 4], [5, 9], [10, 14]]],
  [17, 2, 1.37, [[0, 9], [7, 17]]],
  [17, 3, 1.37, [[0, 5], [4, 10], [9, 15]]],
  [17, 2, 2, [[0, 12], [4, 17]]],
  [17, 3, 2, [[0, 7], [2, 12], [7, 17]]],
  [17, 2, 2.9, [[0, 16], [0, 17]]],
  [17, 3, 2.9, [[0, 10], [0, 15], [4, 17]]],
]

describe('gridSpans', () => {
  test.each(referenceSpans)('%i pixels, %i cells, ratio %f', (length, cells, ratio, spans) => {
    expect(gridSpans(length, cells, ratio)).toEqual(spans)
  })

  test('spans lie inside, are not empty and go forward', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 8 }),
        fc.nat(500),
        fc.double({ min: 1, max: 3, noNaN: true }),
        (cells, extra, ratio) => {
          const length = 2 * cells + extra
          const spans = gridSpans(length, cells, ratio)
          expect(spans).toHaveLength(cells)
          spans.forEach(([start, end], index) => {
            expect(start).toBeGreaterThanOrEqual(0)
            expect(end).toBeLessThanOrEqual(length)
            expect(end).toBeGreaterThan(start)
            expect(start).toBeGreaterThanOrEqual(spans[Math.max(0, index - 1)]![0])
          })
        },
      ),
    )
  })

  test('a side with less than two pixels a cell is refused', () => {
    expect(() => gridSpans(3, 3, 1)).toThrow(
      new InputError('a picture of 3 pixels a side is too small for a grid of 3 cells; it needs 6 or more'),
    )
  })
})

describe('gridShares', () => {
  test('are the evaluation crops of M2L', () => {
    expect(gridShares(2)).toEqual([
      [0, 3 / 4],
      [1 / 4, 1],
    ])
    const thirds = [0, 1 / 2, 1 / 6, 5 / 6, 1 / 2, 1]
    for (const [at, share] of gridShares(3).flat().entries()) expect(share).toBeCloseTo(thirds[at]!, 12)
    expect(gridShares(1)).toEqual([[0, 1]])
  })

  test('are what gridSpans gives, but for its rounding', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 80 }), (cells, half) => {
        const length = 2 * cells * half
        const shares = gridShares(cells)
        gridSpans(length, cells, 2).forEach(([start, end], index) => {
          expect(start / length).toBeCloseTo(shares[index]![0], 10)
          expect(end / length).toBeCloseTo(shares[index]![1], 10)
        })
      }),
    )
  })
})

describe('gridParts', () => {
  test('gives the cells of each grid row by row, in the order written, unflipped in evaluation', () => {
    const views = gridParts([3, 2], 84)({ height: 84, width: 500 })
    expect(views).toHaveLength(13)
    const rows = gridSpans(84, 3, 2)
    const columns = gridSpans(500, 3, 2)
    expect(views[5]).toEqual({
      window: {
        top: rows[1]![0],
        left: columns[2]![0],
        height: rows[1]![1] - rows[1]![0],
        width: columns[2]![1] - columns[2]![0],
      },
      size: square(84),
      flip: false,
    })
    expect(views[9]!.window).toEqual({ top: 0, left: 0, height: 63, width: 375 })
    expect(views.some((view) => view.flip)).toBe(false)
  })

  test('training draws one ratio a grid and one flip a crop', () => {
    const drawn = Array.from({ length: 400 }, (_, index) =>
      gridParts([3, 2], 32)(square(84), randomKey(7).fold(index)),
    )
    const flips = drawn.flat().filter((view) => view.flip).length / (400 * 13)
    expect(flips).toBeGreaterThan(0.46)
    expect(flips).toBeLessThan(0.54)
    // Windows of one grid that touch no edge are as long as each other; the middle cell of 3x3 never touches
    // one below ratio 3.
    const spans = drawn.map((views) => [views[4]!.window.height, views[9]!.window.height] as const)
    for (const views of drawn) expect(views[4]!.window.height).toBe(views[4]!.window.width)
    const mean = spans.reduce((sum, [middle]) => sum + middle / 28, 0) / spans.length
    expect(mean).toBeGreaterThan(1.85)
    expect(mean).toBeLessThan(2.05)
    expect(new Set(spans.map(([a, b]) => `${a} ${b}`)).size).toBeGreaterThan(
      new Set(spans.map(([a]) => a)).size,
    )
  })

  test('grids that are not whole numbers are refused', () => {
    expect(() => gridParts([], 84)).toThrow(InputError)
    expect(() => gridParts([3, 0], 84)).toThrow(/\[3, 0\]/)
    expect(() => gridParts([1.5], 84)).toThrow(InputError)
    expect(() => gridParts([3, 2], 84)({ height: 2, width: 200 })).toThrow(/^a picture of 2 pixels a side/)
    expect(() => gridParts([3, 2], 84)({ height: 200, width: 1, name: 'lily/1.gif' })).toThrow(
      /^lily\/1\.gif: a picture of 1 pixel a side is too small/,
    )
  })

  test('parseGrid reads what recipes write', () => {
    expect(parseGrid('Grid-3,2')).toEqual([3, 2])
    expect(parseGrid('Grid-10')).toEqual([10])
    for (const text of ['Grid', 'Grid-', 'grid-3', 'Grid-3,', 'Grid-0', 'Grid-3, 2', 'FCN']) {
      expect(() => parseGrid(text)).toThrow(
        new InputError(`"${text}" is not a grid; write the cells along a side of each, for example Grid-3,2`),
      )
    }
  })
})

describe('whole images', () => {
  test('squareResize sees everything and flips half of the time, only with a key', () => {
    const size = { height: 30, width: 50 }
    expect(squareResize(84)(size)).toEqual([
      { window: { top: 0, left: 0, ...size }, size: square(84), flip: false },
    ])
    const flips = Array.from({ length: 1000 }, (_, i) => squareResize(84)(size, randomKey(i))[0]!.flip)
    const share = flips.filter(Boolean).length / 1000
    expect(share).toBeGreaterThan(0.44)
    expect(share).toBeLessThan(0.56)
  })

  test.each([
    [92, 84, 4],
    [85, 84, 0],
    [87, 84, 2],
    [84, 84, 0],
  ])('resizeThenCrop(%i, %i) takes the centre as torchvision does', (resized, side, margin) => {
    expect(resizeThenCrop(resized, side)({ height: 300, width: 200 })).toEqual([
      {
        window: { top: 0, left: 0, height: 300, width: 200 },
        size: square(resized),
        cut: { top: margin, left: margin, height: side, width: side },
        flip: false,
      },
    ])
  })

  test('resizeThenCrop reaches every offset in training', () => {
    const cuts = Array.from(
      { length: 600 },
      (_, i) => resizeThenCrop(92, 84)(square(100), randomKey(1).fold(i))[0]!.cut!,
    )
    expect(new Set(cuts.map((cut) => cut.top))).toEqual(new Set([0, 1, 2, 3, 4, 5, 6, 7, 8]))
    expect(new Set(cuts.map((cut) => cut.left))).toEqual(new Set([0, 1, 2, 3, 4, 5, 6, 7, 8]))
    expect(cuts.some((cut) => cut.top !== cut.left)).toBe(true)
  })

  test('sides that cannot be are refused', () => {
    expect(() => resizeThenCrop(80, 84)).toThrow(/cut 84 pixels out of 80/)
    for (const side of [0, -1, 2.5, Number.NaN]) {
      for (const transform of [squareResize, randomResizedCrop])
        expect(() => transform(side)).toThrow(InputError)
    }
  })
})

describe('randomResizedCrop', () => {
  test('shows at least the share of the area that is asked for, and refuses a share that is none', () => {
    for (let index = 0; index < 50; index++) {
      const { window } = randomResizedCrop(32, 0.5)(square(100), randomKey(5).fold(index))[0]!
      expect(window.height * window.width).toBeGreaterThan(0.47 * 100 * 100)
    }
    for (const share of [0, 1.5, Number.NaN]) expect(() => randomResizedCrop(32, share)).toThrow(InputError)
  })

  test('windows lie inside and keep area and ratio within the rounding', () => {
    fc.assert(
      fc.property(sizes, keys, (image, key) => {
        const { window } = randomResizedCrop(84)(image, key)[0]!
        expect(window.top + window.height).toBeLessThanOrEqual(image.height)
        expect(window.left + window.width).toBeLessThanOrEqual(image.width)
        expect(Math.min(window.top, window.left)).toBeGreaterThanOrEqual(0)
        const widest = (window.width + 0.5) / Math.max(window.height - 0.5, 0.5)
        const narrowest = (window.width - 0.5) / (window.height + 0.5)
        expect(widest).toBeGreaterThanOrEqual(3 / 4)
        expect(narrowest).toBeLessThanOrEqual(4 / 3)
      }),
    )
  })

  test('areas spread over 8 to 100 % of a square picture', () => {
    const areas = Array.from({ length: 2000 }, (_, index) => {
      const { window } = randomResizedCrop(84)(square(500), randomKey(3).fold(index))[0]!
      return (window.height * window.width) / 250_000
    })
    expect(Math.min(...areas)).toBeGreaterThan(0.078)
    expect(Math.min(...areas)).toBeLessThan(0.1)
    expect(Math.max(...areas)).toBeGreaterThan(0.95)
    // Large areas are refused more often, as their ratio fits less often, so the mean lies a little below
    // .54.
    const mean = areas.reduce((sum, area) => sum + area, 0) / areas.length
    expect(mean).toBeGreaterThan(0.47)
    expect(mean).toBeLessThan(0.54)
  })

  test('a picture too long for any try gives its middle', () => {
    const { window } = randomResizedCrop(84)({ height: 6, width: 600 }, randomKey(1))[0]!
    expect(window).toEqual({ top: 0, left: 296, height: 6, width: 8 })
    expect(randomResizedCrop(84)({ height: 600, width: 6 }, randomKey(1))[0]!.window).toEqual({
      top: 296,
      left: 0,
      height: 8,
      width: 6,
    })
  })

  test('without a key it shows everything', () => {
    expect(randomResizedCrop(84)(square(20))).toEqual(squareResize(84)(square(20)))
  })
})

test('every transform draws the same from the same key', () => {
  const transforms = [squareResize(32), resizeThenCrop(36, 32), gridParts([3, 2], 32), randomResizedCrop(32)]
  fc.assert(
    fc.property(sizes, keys, (image, key) => {
      for (const transform of transforms) expect(transform(image, key)).toEqual(transform(image, key))
    }),
  )
})
