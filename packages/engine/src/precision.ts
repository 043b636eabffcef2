import { environment } from '#host'
import { InputError } from './input-error.js'

/**
 * How graphs compute. `f32`: everything in float32. `bf16`: convolutions, matrix products and what lies
 * between them in bfloat16; weights, statistics, losses and updates in float32.
 */
export type Precision = 'f32' | 'bf16'

let policy: Precision | undefined

/**
 * The precision of graph functions that name none: what `loadEngine` was told, else the environment variable
 * `M2L_PRECISION`, else `f32`.
 *
 * @throws {InputError} when `M2L_PRECISION` is something else
 */
export function enginePrecision(): Precision {
  return policy ?? checkedPrecision('M2L_PRECISION', environment.M2L_PRECISION || 'f32')
}

export function setEnginePrecision(precision: Precision): void {
  policy = checkedPrecision('precision', precision)
}

function checkedPrecision(source: string, text: string): Precision {
  if (text === 'f32' || text === 'bf16') return text
  throw new InputError(`${source} is ${text}; expected f32 or bf16`, { code: 'option' })
}
