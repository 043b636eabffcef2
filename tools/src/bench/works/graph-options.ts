import type { GraphFunctionOptions } from '@m2l/engine'
import type { Job } from '../work.js'

/** How the graph of a work runs; that it cannot run as a graph is told on standard error. */
export function graphOptions({ work, precision }: Job): GraphFunctionOptions {
  return {
    precision: precision === 'bf16' ? 'bf16' : 'f32',
    onEager: (reason) =>
      process.stderr.write(`bench: ${work} ${precision} runs operation by operation: ${reason}\n`),
  }
}
