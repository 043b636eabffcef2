import type { EmbeddingField } from './embedding.js'

/**
 * Where a level's score of one query for one class comes from: plain data, in positions of the embedding that
 * the level read. Whoever made the embedding knows where in the pictures these lie.
 */
export interface ScoreExplanation {
  /**
   * The field of the embedding whose positions are meant: those of `map` row by row, `parts` in their order.
   */
  readonly field: EmbeddingField
  /** As `scores` gives it. */
  readonly score: number
  /** The score as a sum over the positions of the query, which is image 0. */
  readonly query: Contributions
  /** The same score as a sum over the positions of the images by which the class is known. */
  readonly support: Contributions
  /**
   * Positions of the query and of supports that met, where the level compares such; what they add sums to the
   * score.
   */
  readonly matches?: readonly PositionMatch[]
}

/** A score as a sum: what each position of some images adds to it, and the rest. */
export interface Contributions {
  readonly images: readonly ImageContributions[]
  /**
   * What of the score no position of these images stands for, such as a network's bias; 0 for most levels.
   */
  readonly rest: number
}

/** What each position of an image adds to a score; below 0 where it speaks against the class. */
export interface ImageContributions {
  /** The image's row in the embedding: of the query, of the support, or of the unlabelled images. */
  readonly image: number
  /** Whether the row is one of the unlabelled images. */
  readonly unlabelled?: true
  /** One for each position. */
  readonly values: readonly number[]
}

/** A position of the query and the position of a support that it met. */
export interface PositionMatch {
  /** The query's position. */
  readonly query: number
  /** The support image's row in the embedding. */
  readonly image: number
  /** The position in that image. */
  readonly support: number
  /** How alike the two are, as the level measures it: a cosine, or for alignment how much is attended to. */
  readonly similarity: number
  /** What the match adds to the score. */
  readonly contribution: number
}

/** The number of positions of an image of the query and of the supports. */
export interface PositionCounts {
  readonly query: number
  readonly support: number
}

/**
 * The explanation of a score that is the sum of its matches' contributions.
 *
 * @param images the rows of the class's support images
 */
export function explanationOfMatches(
  field: EmbeddingField,
  matches: readonly PositionMatch[],
  images: readonly number[],
  positions: PositionCounts,
): ScoreExplanation {
  const query = zeros(positions.query)
  const supports = new Map(images.map((image) => [image, zeros(positions.support)]))
  let score = 0
  for (const { query: from, image, support: to, contribution } of matches) {
    query[from]! += contribution
    supports.get(image)![to]! += contribution
    score += contribution
  }
  return {
    field,
    score,
    query: { images: [{ image: 0, values: query }], rest: 0 },
    support: { images: Array.from(supports, ([image, values]) => ({ image, values })), rest: 0 },
    matches,
  }
}

/** For each class, the rows of its images in a support that is sorted by class. */
export function rowsOfClasses(shots: readonly number[]): number[][] {
  let first = 0
  return shots.map((shot) => {
    const rows = Array.from({ length: shot }, (_, index) => first + index)
    first += shot
    return rows
  })
}

function zeros(length: number): number[] {
  return Array.from({ length }, () => 0)
}
