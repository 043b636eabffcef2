import { resampleModule } from './resample-module.js'

/**
 * A pass over rows or over columns.
 *
 * @param from address of the first value of the first row
 * @param stride bytes from one row to the next
 * @param first coordinate of that row or of that column, from which the axis counts
 * @param axis address of the table of an axis
 * @param length positions in that table
 * @param taps of each of them
 * @param count what the other axis has: rows of columns, values of rows
 * @param to address of the result, without gaps between rows
 */
type Pass = (
  from: number,
  stride: number,
  first: number,
  axis: number,
  length: number,
  taps: number,
  count: number,
  to: number,
) => void

/** An instance of what lies in `assembly/`, with a memory of its own. */
export interface ResampleKernels {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number }
  /** From bytes to 32-bit integers. */
  readonly columnsOfBytes: Pass
  readonly rowsOfBytes: Pass
  /** From these to floats, by the scales and shifts at the memory's start. */
  readonly columnsToValues: Pass
  readonly rowsToValues: Pass
  /** See `assembly/reduce.ts`. */
  reduceRows(from: number, width: number, rows: number, factor: number, sums: number, to: number): void
}

/** Scales and shifts at the memory's start, of four pixels each. */
export const levelFloats = 12

/** Bytes past the end of what a pass is given that it may read or write. */
export const spill = 48

/** Compiled once a thread. */
let module: WebAssembly.Module | undefined

/** A new instance, whose memory holds a page of 64 KiB. */
export function instantiate(): ResampleKernels {
  module ??= new WebAssembly.Module(Uint8Array.from(atob(resampleModule), (byte) => byte.charCodeAt(0)))
  return new WebAssembly.Instance(module).exports as unknown as ResampleKernels
}
