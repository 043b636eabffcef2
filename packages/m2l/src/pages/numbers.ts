import type { Interval } from '@m2l/trainer'

/** A fraction of 1 in per cent, without the sign; a dash where it is no number. */
export function percent(fraction: number, decimals = 1): string {
  return Number.isFinite(fraction) ? (100 * fraction).toFixed(decimals) : '–'
}

/** A mean with its 95 % interval, both in per cent. */
export function intervalText({ mean, halfWidth95 }: Interval): string {
  return `${percent(mean)} ± ${percent(halfWidth95)}`
}

/** The ends of an interval of fractions of 1. */
export function ends({ mean, halfWidth95 }: Interval): { readonly low: number; readonly high: number } {
  return { low: Math.max(0, mean - halfWidth95), high: Math.min(1, mean + halfWidth95) }
}

/** The fusion and the levels by name. */
export function named<Value>({ fused, levels }: { fused: Value; levels: Readonly<Record<string, Value>> }) {
  return [['fused', fused] as const, ...Object.entries(levels)]
}

/** How a page came to be. */
export function madeAt(): string {
  return `Written by M2L at ${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC.`
}
