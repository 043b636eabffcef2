import { readFileSync } from 'node:fs'

/**
 * Whether TensorFlow has fast kernels in bfloat16 for this processor: oneDNN's need AVX-512, without which Eigen's, some ten
 * times slower than those in float32, stand in. True where that cannot be read.
 *
 * @param description what Linux tells of the processors
 */
export function hasFastBfloat16(description: string = describedByLinux()): boolean {
  const flags = /^flags\s*:(.*)$/m.exec(description)
  return flags === null || /\bavx512bw\b/.test(flags[1]!)
}

function describedByLinux(): string {
  try {
    return readFileSync('/proc/cpuinfo', 'utf8')
  } catch {
    return ''
  }
}
