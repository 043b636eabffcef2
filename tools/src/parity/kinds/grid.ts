import { gridSpans } from '@m2l/pictures'
import { z } from 'zod'
import { defineKind } from '../parity-case.js'
import { relativeTolerance } from '../tolerance.js'

const gridRow = z.strictObject({
  size: z.int().positive(),
  ratio: z.number().min(1),
  num: z.int().positive(),
  spans: z.array(z.tuple([z.int(), z.int()])),
})

const settings = z.strictObject({ rows: z.array(gridRow).min(1) })

/** The crops of grids along one side, in whole pixels. */
export const gridKind = defineKind({
  settings,
  prepare({ rows }) {
    const under = (spansOf: (row: z.output<typeof gridRow>) => Spans) =>
      Object.fromEntries(
        rows.map((row) => [
          `${row.size} pixels, ${row.num} cells, ratio ${row.ratio}`,
          { shape: [spansOf(row).length, 2], data: spansOf(row).flat() },
        ]),
      )
    return Promise.resolve({
      expected: under(({ spans }) => spans),
      tolerance: relativeTolerance(0),
      exact: true,
      compute: () => under(({ size, num, ratio }) => gridSpans(size, num, ratio)),
    })
  },
})

type Spans = readonly (readonly [number, number])[]
