import type { RandomGenerator } from '@m2l/engine'
import fc, { type Arbitrary } from 'fast-check'
import type { Form } from './reader.js'

/** Valid parts, which are changed and then wrapped. */
export function changed(parts: readonly (Buffer | string)[], wrap?: Form['wrap']): Form {
  const bytes = parts.map((part) => Buffer.from(part))
  return {
    part: (random) => bytes[random.integer(bytes.length)]!,
    isChanged: true,
    ...(wrap && { wrap }),
  }
}

/** Parts that are made up. */
export function madeUp(arbitrary: Arbitrary<Buffer | string>, wrap?: Form['wrap']): Form {
  let parts: readonly (Buffer | string)[] = []
  return {
    part(random: RandomGenerator) {
      parts = fc.sample(arbitrary, { seed: random.integer(2 ** 31), numRuns: 1 })
      return Buffer.from(parts[0]!)
    },
    isChanged: false,
    ...(wrap && { wrap }),
  }
}
