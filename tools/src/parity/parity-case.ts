import type { z } from 'zod'
import type { GeneratedInputs } from './generated-inputs.js'
import type { NamedNumbers } from './numbers.js'
import type { ParityFolder } from './parity-folder.js'
import type { Tolerance } from './tolerance.js'

/** One kind of case: how its settings are checked, and what the packages compute for it. */
export interface CaseKind<Settings extends z.ZodObject = z.ZodObject> {
  /** The fields of a case of this kind in `cases.json`, beside `case` and `kind`. */
  readonly settings: Settings
  /**
   * Reads what is expected of a case.
   *
   * @throws {InputError} when a file is missing or is not what the settings announce
   */
  prepare(settings: z.output<Settings>, folder: ParityFolder, name: string): Promise<Expectation>
}

/** What is expected of a case and how it is computed. */
export interface Expectation {
  readonly expected: NamedNumbers
  readonly tolerance: Tolerance
  /**
   * Whether no rounding to single precision lies between the inputs and the numbers, so that running it again
   * on inputs that are the same but for rounding would mean nothing.
   */
  readonly exact: boolean
  /** Computes every expected tensor through the public packages. */
  compute(inputs: GeneratedInputs): NamedNumbers | Promise<NamedNumbers>
}

/** Declares a kind; it only helps TypeScript to infer the type of the settings. */
export function defineKind<Settings extends z.ZodObject>(kind: CaseKind<Settings>): CaseKind<Settings> {
  return kind
}
