import { readFileSync } from 'node:fs'

/**
 * Why bfloat16 is slower than float32 on this processor, as the rest of a sentence about it; undefined where
 * it is not, or where that cannot be told. oneDNN's kernels need AVX-512, without which Eigen's, some ten
 * times slower than those in float32, stand in. On Intel's processors they need AMX too, which virtual
 * machines may hide: without it, on a Xeon of the Emerald Rapids kind, convolutions of 64 to 640 channels
 * took 1.1 to 2.5 times as long.
 *
 * @param description what Linux tells of the processors
 */
export function drawbackOfBfloat16(description: string = describedByLinux()): string | undefined {
  const flags = /^flags\s*:(.*)$/m.exec(description)?.[1]
  if (flags === undefined) return undefined
  if (!/\bavx512bw\b/.test(flags)) return 'has no AVX-512, and bf16 is several times slower on it than f32'
  const isIntel = /^vendor_id\s*:\s*GenuineIntel$/m.test(description)
  if (isIntel && !/\bamx_bf16\b/.test(flags)) return 'has no AMX, and bf16 is slower on it than f32'
  return undefined
}

function describedByLinux(): string {
  try {
    return readFileSync('/proc/cpuinfo', 'utf8')
  } catch {
    return ''
  }
}
