import { enginePrecision, engineStatus } from '@m2l/engine'
import { z } from 'zod'

export const engineSchema = z.strictObject({
  backend: z.enum(['tensorflow', 'wasm', 'cpu']),
  /** Null without the native engine. */
  tensorflow: z.string().nullable(),
  device: z.enum(['cpu', 'gpu']),
  threads: z.int().min(1),
  precision: z.enum(['f32', 'bf16']),
  node: z.string(),
})

/** What computed. */
export type EngineUsed = z.output<typeof engineSchema>

/** The engine of this process. */
export async function engineUsed(): Promise<EngineUsed> {
  const { backend, tensorflowVersion: tensorflow, device, threads } = await engineStatus()
  return { backend, tensorflow, device, threads, precision: enginePrecision(), node: process.versions.node }
}

/** The most memory that this process has had resident, in MiB. */
export function peakMib(): number {
  return Math.round(process.resourceUsage().maxRSS / 1024)
}
