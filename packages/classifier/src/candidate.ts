import type { LevelFusion } from '@m2l/metric'
import type { SavedClasses } from './classes/saved-classes.js'
import type { FeatureRange } from './choice/fit-heads.js'
import type { EmbeddedImages } from './embedding/embedded-images.js'
import type { Embedder } from './embedding/embedder.js'
import type { ReadableImage } from './pictures/given-image.js'

/** What of saved classes says where their weights come from. */
export type Origin = Pick<SavedClasses, 'weights' | 'card' | 'recipe' | 'head' | 'features'>

/**
 * How embeddings are compared: by levels as they were trained, or by heads that are fitted to the examples,
 * one to each range.
 */
export type Comparison = { readonly metric: LevelFusion } | { readonly ranges: readonly FeatureRange[] }

/** Weights by which a classifier may see pictures. */
export interface Candidate {
  readonly origin: Origin
  /** What it is called where its weights have no name. */
  readonly called?: string
  readonly embedder: Embedder
  readonly comparison: Comparison
  /** How it sees, where that is not as its weights say. */
  readonly views?: 'crops'
  /**
   * The candidate of the same weights that sees with less effort, and is taken unless this one is clearly
   * better.
   */
  readonly insteadOf?: Candidate
  /** Whether a picture shows it anything that `insteadOf` misses; only where it takes the place of one. */
  showsMore?(image: ReadableImage, name: string): Promise<boolean>
  dispose(): void
}

/** The examples of a class as a candidate sees them. */
export interface SeenClass {
  readonly images: EmbeddedImages
  /**
   * Crops of its first example, which stand in for others where too few can be left out; only where there is
   * a choice.
   */
  readonly crops?: (() => Promise<EmbeddedImages | undefined>) | undefined
}
