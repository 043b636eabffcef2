import { describe, expect, it } from 'vitest'
import { drawbackOfBfloat16 } from './processor.js'

const processor = (vendor: string, flags: string) =>
  `processor\t: 0\nvendor_id\t: ${vendor}\nflags\t\t: ${flags}\nbugs\t\t: x\n`

describe('the drawback of bfloat16', () => {
  it.each([
    ['AuthenticAMD', 'fma avx2 sha_ni', /^has no AVX-512, .* several times slower/],
    ['AuthenticAMD', 'avx2 avx512bw_of_another_name', /^has no AVX-512/],
    ['GenuineIntel', 'fma avx2', /^has no AVX-512/],
    ['GenuineIntel', 'avx2 avx512bw avx512_bf16 avx512_fp16', /^has no AMX, .* slower/],
  ])('of %s with %s: %s', (vendor, flags, drawback) => {
    expect(drawbackOfBfloat16(processor(vendor, flags))).toMatch(drawback)
  })

  it.each([
    ['AuthenticAMD', 'fma avx2 avx512f avx512dq avx512bw avx512vl'],
    ['GenuineIntel', 'avx2 avx512bw avx512_bf16 amx_bf16 amx_tile'],
  ])('is none on %s with %s', (vendor, flags) => {
    expect(drawbackOfBfloat16(processor(vendor, flags))).toBeUndefined()
  })

  it('is none that is known of processors that tell nothing', () => {
    expect(drawbackOfBfloat16('')).toBeUndefined()
    expect(drawbackOfBfloat16('processor\t: 0\nFeatures\t: fp asimd bf16\n')).toBeUndefined()
  })
})
