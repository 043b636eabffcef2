import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Bounds } from './agreement.js'

const numbers = (...data: number[]) => ({ shape: [data.length], data })
const runs = fc.array(fc.tuple(finite(), finite()), { minLength: 1, maxLength: 5 })

function finite() {
  return fc.double({ min: -1e6, max: 1e6, noNaN: true })
}

function boundsOf([first, ...others]: readonly (readonly number[])[]): Bounds {
  const bounds = new Bounds(numbers(...first!))
  for (const other of others) bounds.widen(numbers(...other))
  return bounds
}

describe('bounds', () => {
  it('measure one run by plain differences', () => {
    const difference = boundsOf([[1, -4, 2]]).differenceTo(numbers(1, -4.5, 1.75))
    expect(difference).toEqual({ maxAbs: 0.5, meanAbs: 0.25, maxRel: 0.5 / 4.5 })
  })

  it('hold every run and all that lies between two', () => {
    fc.assert(
      fc.property(runs, fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(), (all, share, choice) => {
        const [one, other] = [all[choice % all.length]!, all.at(-1)!]
        const between = one.map((value, index) => value + share * (other[index]! - value))
        const { maxAbs } = boundsOf(all).differenceTo(numbers(...between))
        expect(maxAbs).toBeLessThanOrEqual(1e-9)
      }),
    )
  })

  it('never come nearer by more than one and a half times what separates the runs', () => {
    fc.assert(
      fc.property(runs, fc.tuple(finite(), finite()), (all, expected) => {
        const width = Math.max(
          ...[0, 1].map((index) => {
            const values = all.map((run) => run[index]!)
            return Math.max(...values) - Math.min(...values)
          }),
        )
        const alone = boundsOf(all.slice(0, 1)).differenceTo(numbers(...expected)).maxAbs
        const together = boundsOf(all).differenceTo(numbers(...expected)).maxAbs
        expect(together).toBeLessThanOrEqual(alone)
        expect(together).toBeGreaterThanOrEqual(alone - 1.5 * width - 1e-6)
      }),
    )
  })

  it.each([
    ['in the expected numbers', [[1, 2]], [1, Number.NaN]],
    [
      'in the first run',
      [
        [1, Number.NaN],
        [1, 2],
      ],
      [1, 2],
    ],
    [
      'in a later run',
      [
        [1, 2],
        [1, Number.NaN],
      ],
      [1, 2],
    ],
    ['infinite', [[1, Infinity]], [1, 2]],
    ['of another shape', [[1, 2]], [1, 2, 3]],
  ])('are infinitely far from numbers that are none: %s', (_, all, expected) => {
    expect(boundsOf(all).differenceTo(numbers(...expected)).maxRel).toBe(Infinity)
  })

  it('find nothing wrong with zeros that are zero, and everything with others', () => {
    expect(boundsOf([[0, 0]]).differenceTo(numbers(0, 0)).maxRel).toBe(0)
    expect(boundsOf([[0, 1e-30]]).differenceTo(numbers(0, 0)).maxRel).toBe(Infinity)
  })
})
