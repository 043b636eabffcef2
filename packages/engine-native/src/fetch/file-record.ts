/**
 * A file of the cache as it was when it was put there; the path is relative to the folder that it was put
 * into.
 */
export interface FileRecord {
  readonly path: string
  readonly size: number
  /** Not present for the files of an installed Python TensorFlow. */
  readonly sha256?: string
}
