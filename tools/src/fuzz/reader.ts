import type { RandomGenerator } from '@m2l/engine'

/** Something of ours that reads what others may have written. */
export interface Reader {
  readonly name: string
  /** How many of a run's inputs it gets, relative to the other readers: fewer where one takes long. */
  readonly share: number
  /**
   * Makes ready for reading.
   *
   * @param folder an empty folder of its own
   */
  open(folder: string): Promise<OpenReader>
}

/** A reader that is ready. */
export interface OpenReader {
  /** Where inputs come from; each as often as the others. */
  readonly forms: readonly Form[]
  /** Reads an input, and ends well or with an error. */
  read(input: Buffer): unknown
  /** Whether an error is one of those that the reader documents for bad input. */
  readonly isRefusal?: (error: unknown) => boolean
}

/** A way to inputs. */
export interface Form {
  /** A part of an input, whole and valid or made up. */
  readonly part: (random: RandomGenerator) => Buffer
  /**
   * Whether the part is changed before it is wrapped, as nothing of it is valid otherwise or all of it is.
   */
  readonly isChanged: boolean
  /**
   * Makes the input of the part: puts it into an archive, say, or gives it the checksum that it must have.
   */
  readonly wrap?: (part: Buffer) => Buffer
}
