import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { axisOf, logarithmicTicks, roundTicks } from './axis.js'
import { shortNumber } from './scale.js'

const written = (axis: ReturnType<typeof axisOf>) =>
  axis.ticks.map((tick) => (axis.tickFormat as (value: number) => string)(tick))

describe('an axis', () => {
  it('has whole ticks where values are whole', () => {
    expect(written(axisOf({ label: 'epoch' }, [1, 2, 3], 10))).toEqual(['1', '2', '3'])
    expect(written(axisOf({ label: 'epoch', whole: true, domain: [0, 1] }, [1], 10))).toEqual(['0', '1'])
    expect(written(axisOf({ label: 'shots' }, [1, 10_000_000], 4))).toEqual(['0', '5e6', '1e7'].slice(1))
    expect(written(axisOf({ label: 'pictures' }, [-2, 2], 8))).toEqual(['-2', '-1', '0', '1', '2'])
  })

  it('has round ticks in few digits elsewhere', () => {
    expect(written(axisOf({ label: 'loss' }, [0.1, 0.93], 5))).toEqual(['0.2', '0.4', '0.6', '0.8'])
    expect(written(axisOf({ label: 'accuracy', percent: true }, [0.801, 0.804], 4))).toEqual([
      '80.1',
      '80.2',
      '80.3',
      '80.4',
    ])
  })

  it('tells close values apart', () => {
    fc.assert(
      fc.property(fc.double({ min: -1e6, max: 1e6, noNaN: true }), fc.nat(1000), (from, steps) => {
        const texts = written(axisOf({ label: 'x' }, [from, from + (steps + 1) * 1e-4], 6))
        expect(new Set(texts).size).toBe(texts.length)
      }),
    )
  })

  it('is logarithmic where it may be and values span more than one and a half decades', () => {
    const rate = { label: 'rate', logarithmic: true, domain: [0, 0.1] } as const
    const wide = axisOf(rate, [0.1, 0.01, 0.001], 5)
    expect(wide).toMatchObject({ type: 'log', domain: [0.001, 0.1], label: 'rate, logarithmic' })
    expect(written(wide)).toEqual(['0.001', '0.002', '0.005', '0.01', '0.02', '0.05', '0.1'])
    expect(axisOf(rate, [0.1, 0.01], 5)).toMatchObject({ type: 'linear', domain: [0, 0.1], label: 'rate' })
    expect(axisOf(rate, [0.1, 0.001, 0], 5).type).toBe('linear')
    expect(axisOf(rate, [Number.NaN, 0.1, 1e-4], 5).type).toBe('log')
    expect(axisOf({ label: 'rate' }, [0.1, 0.001], 5).type).toBe('linear')
  })

  it('passes over what is no number and stands where there is none', () => {
    expect(axisOf({ label: 'x' }, [Number.NaN, 2, Infinity, 4, -Infinity], 5).domain).toEqual([2, 4])
    expect(axisOf({ label: 'x' }, [], 2)).toMatchObject({ domain: [0, 1], ticks: [0, 0.5, 1] })
    expect(axisOf({ label: 'x' }, [7, 7], 5).ticks).toEqual([7])
    expect(axisOf({ label: 'x' }, [0.3, 0.3], 5).ticks).toEqual([0.3])
    expect(axisOf({ label: 'x' }, [-1e-323, 5e-324], 5).ticks).toEqual([-1e-323])
  })
})

describe('ticks', () => {
  const value = fc.double({ min: -1e12, max: 1e12, noNaN: true, noDefaultInfinity: true })

  it('are few, within, and evenly apart', () => {
    fc.assert(
      fc.property(
        value,
        fc.double({ min: 1e-6, max: 1e12, noNaN: true }),
        fc.integer({ min: 1, max: 12 }),
        (from, more, count) => {
          const to = from + more
          fc.pre(more > 1e-6 * Math.abs(from))
          const ticks = roundTicks(from, to, count)
          expect(ticks.length).toBeLessThanOrEqual(count + 1)
          for (const tick of ticks) {
            expect(tick).toBeGreaterThanOrEqual(from - more * 1e-5)
            expect(tick).toBeLessThanOrEqual(to + more * 1e-5)
          }
        },
      ),
    )
  })

  it('of a logarithmic axis enclose its values and rise', () => {
    fc.assert(
      fc.property(
        fc.double({ min: -290, max: 280, noNaN: true }),
        fc.double({ min: 1.6, max: 300, noNaN: true }),
        (low, decades) => {
          fc.pre(low + decades < 300)
          const [from, to] = [10 ** low, 10 ** (low + decades)]
          const ticks = logarithmicTicks(from, to, 5)
          expect(ticks[0]).toBeLessThanOrEqual(from)
          expect(ticks.at(-1)).toBeGreaterThanOrEqual(to)
          expect(ticks).toEqual([...new Set(ticks)].sort((a, b) => a - b))
          expect(ticks.length).toBeGreaterThanOrEqual(2)
          expect(ticks.length).toBeLessThanOrEqual(10)
        },
      ),
    )
  })
})

it('numbers are written in few letters', () => {
  const numbers = [0, -0, 12, 0.25, 2.5e-4, -1 / 3, 123_456, 12_345_678, 3e8, 1e-300, Number.NaN, Infinity]
  expect(numbers.map((value) => shortNumber(value))).toEqual([
    '0',
    '0',
    '12',
    '0.25',
    '2.5e-4',
    '-0.3333',
    '123456',
    '1.235e7',
    '3e8',
    '1e-300',
    '–',
    '–',
  ])
})
