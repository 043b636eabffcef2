import { interval95 } from '@m2l/trainer'
import { z } from 'zod'
import { defineKind } from '../parity-case.js'
import { relativeTolerance } from '../tolerance.js'

/** For example `interval.accuracies: uniform scale .3 shift .6, 600 values`. */
const description = /^(\S+): uniform scale ([\d.]+) shift ([\d.]+), (\d+) values$/

const settings = z.strictObject({
  values: z.string().regex(description, 'expected <name>: uniform scale <s> shift <t>, <n> values'),
  mean: z.number(),
  half_width_95: z.number(),
})

/** The mean of generated accuracies and the half width of its 95 % interval, in double precision. */
export const intervalKind = defineKind({
  settings,
  prepare({ values, mean, half_width_95: halfWidth }) {
    const [, name, scale, shift, count] = description.exec(values)!
    const spread = { scale: Number(scale), shift: Number(shift) }
    return Promise.resolve({
      expected: { mean: scalar(mean), half_width_95: scalar(halfWidth) },
      tolerance: relativeTolerance(1e-6),
      exact: true,
      compute(inputs) {
        const interval = interval95(inputs.values(name!, Number(count), spread))
        return { mean: scalar(interval.mean), half_width_95: scalar(interval.halfWidth95) }
      },
    })
  },
})

function scalar(value: number) {
  return { shape: [], data: [value] }
}
