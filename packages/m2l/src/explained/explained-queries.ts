import type { ExplainerOptions, NamedPicture } from '@m2l/explain'

/** Queries with the pictures by which they are classified. */
export interface ExplainedQueries {
  readonly support: Pick<ExplainerOptions, 'classes' | 'unlabelled'>
  readonly queries: readonly ExplainedQuery[]
}

export interface ExplainedQuery extends NamedPicture {
  /** The name of its class, where that is known. */
  readonly truth?: string
  /** What its drawings are called, without an ending. */
  readonly fileName: string
}
