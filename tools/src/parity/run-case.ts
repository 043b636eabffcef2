import { Bounds, type Difference } from './agreement.js'
import { GeneratedInputs } from './generated-inputs.js'
import type { NamedNumbers, Numbers } from './numbers.js'
import type { Expectation } from './parity-case.js'

/** How a case went. */
export interface Outcome {
  readonly pass: boolean
  /** The largest absolute difference of any tensor. */
  readonly maxAbs: number
  /** The largest relative difference of any tensor. */
  readonly maxRel: number
  /** The tensor with the largest relative difference. */
  readonly worst: string
  /** How often the case was computed. */
  readonly runs: number
}

/** At most this many runs decide about a case. */
const mostRuns = 32

/**
 * Computes a case and compares it. Where it is out of tolerance, it is computed again on inputs that are the
 * same but for rounding, see {@link GeneratedInputs}, and compared with what lies between the runs, see
 * {@link Bounds}, until it is within tolerance or has been computed 32 times.
 */
export async function runCase(salt: string, expectation: Expectation): Promise<Outcome> {
  const { expected, tolerance, exact } = expectation
  const bounds = new Map<string, Bounds>()
  for (let run = 0; ; run++) {
    const numbers = await expectation.compute(new GeneratedInputs(salt, run))
    takeIn(bounds, numbers, Object.keys(expected))
    const differences = Object.entries(expected).map(([name, wanted]): [string, Difference] => [
      name,
      bounds.get(name)!.differenceTo(wanted),
    ])
    const pass = differences.every(([, difference]) => tolerance.accepts(difference))
    const isHopeless = exact || differences.some(([, { maxAbs }]) => maxAbs === Infinity)
    if (pass || isHopeless || run + 1 === mostRuns) return { pass, ...summary(differences), runs: run + 1 }
  }
}

function takeIn(bounds: Map<string, Bounds>, numbers: NamedNumbers, names: readonly string[]): void {
  for (const name of names) {
    const found = numbers[name] ?? nothing
    const sofar = bounds.get(name)
    if (sofar) sofar.widen(found)
    else bounds.set(name, new Bounds(found))
  }
}

function summary(differences: readonly (readonly [string, Difference])[]) {
  const largest = (of: (difference: Difference) => number) =>
    differences.reduce((sofar, [, difference]) => Math.max(sofar, of(difference)), 0)
  const maxRel = largest((difference) => difference.maxRel)
  const [worst] = differences.find(([, difference]) => difference.maxRel === maxRel)!
  return { maxAbs: largest((difference) => difference.maxAbs), maxRel, worst }
}

/** In place of a tensor that the packages do not have: it is infinitely far from any other. */
const nothing: Numbers = { shape: [], data: [Number.NaN] }
