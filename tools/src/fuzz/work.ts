/** What a worker is told, in JSON. */
export interface Work {
  /** The compiled module whose `readers` has the reader; all that are ours where absent. */
  readonly module?: string
  readonly reader: string
  readonly seed: number
  /** Of the first input. */
  readonly first: number
  /** The index after the last input. */
  readonly end: number
  /**
   * A file of three 32-bit numbers, kept up to date: the input being read, and how many were accepted and
   * refused.
   */
  readonly progress: string
  /** An empty folder. */
  readonly folder: string
  /** Where inputs go that were found, under {@link fileOf}. */
  readonly found: string
  /** Whether every input goes there, before it is read. */
  readonly keepsAll?: boolean
  /** A file to read in place of made inputs. */
  readonly replay?: string
}

/** What is wrong with how an input was read. */
export type Fault = 'crash' | 'hang' | 'overMemory'

/** An input on which a reader fails. */
export interface Finding {
  readonly reader: string
  readonly fault: Fault
  readonly index: number
  /** The error, or the measure that is too large. */
  readonly what: string
}

/** What a worker says: it is `done`, too, when another is to go on. */
export type Message = { readonly type: 'ready' | 'done' } | ({ readonly type: 'finding' } & Finding)

/** The name of the file of an input that was found. */
export function fileOf({ reader, seed, index }: { reader: string; seed: number; index: number }): string {
  return `${reader}-${seed}-${index}.bin`
}
