import { describe, expect, it } from 'vitest'
import { hasFastBfloat16 } from './processor.js'

const processor = (flags: string) =>
  `processor\t: 0\nvendor_id\t: AuthenticAMD\nflags\t\t: ${flags}\nbugs\t\t: x\n`

describe('fast kernels in bfloat16', () => {
  it.each([
    ['fma avx2 sha_ni', false],
    ['fma avx2 avx512f avx512dq avx512bw avx512vl', true],
    ['avx2 avx512bw_of_another_name', false],
  ])('of a processor with %s: %s', (flags, isFast) => {
    expect(hasFastBfloat16(processor(flags))).toBe(isFast)
  })

  it('are expected of processors that tell nothing', () => {
    expect(hasFastBfloat16('')).toBe(true)
    expect(hasFastBfloat16('processor\t: 0\nFeatures\t: fp asimd bf16\n')).toBe(true)
  })
})
