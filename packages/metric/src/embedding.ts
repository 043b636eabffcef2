import { tf } from '@m2l/engine'

/** What a backbone makes of images, as far as some level needs it. */
export interface Embedding {
  /** [n, height, width, channels]: the feature maps of the whole images. */
  readonly map?: tf.Tensor4D
  /** [n, parts, channels]: one pooled feature for each part of each image. */
  readonly parts?: tf.Tensor3D
}

/**
 * The labelled images of an episode, sorted by class, and with them the unlabelled ones where there are some.
 */
export interface Support extends Embedding {
  /** The number of images of each class, in class order; their sum is the number of images. */
  readonly shots: readonly number[]
  /**
   * Asks for scores that do not depend on how many images a class has: those that are expected where so many
   * images of each class are chosen, all where it has no more. Without it, as published, scores are of all
   * images; then a class with more images has higher scores, since the nearest of many is nearer. A level
   * that knows nothing of it may leave it alone.
   */
  readonly drawnShots?: number
  /**
   * Images of the episode whose class is not told, in no particular order; only in semi-supervised episodes.
   * Some may be distractors, of none of the classes.
   */
  readonly unlabelled?: Embedding
}

/** The fields of an embedding that a level may ask for. */
export type EmbeddingField = keyof Embedding

/**
 * A field of an embedding that must be there.
 *
 * @throws {TypeError} when it is not: the caller did not compute what the level declares in `needs`.
 */
export function requireField<Field extends EmbeddingField>(
  embedding: Embedding,
  field: Field,
  level: string,
): NonNullable<Embedding[Field]> {
  const value = embedding[field]
  if (value === undefined) throw new TypeError(`level ${level} needs \`${field}\` in the embedding`)
  return value
}

/**
 * The same of the embedding of a single query, as explanations take it.
 *
 * @throws {TypeError} when it is not there
 * @throws {RangeError} when it is of more images than one
 */
export function requireFieldOfOne<Field extends EmbeddingField>(
  embedding: Embedding,
  field: Field,
  level: string,
): NonNullable<Embedding[Field]> {
  const value = requireField(embedding, field, level)
  const [images] = value.shape
  if (images !== 1) throw new RangeError(`level ${level} explains the scores of one query, not of ${images}`)
  return value
}

/** Frees the tensors of an embedding; not those of unlabelled images beside it. */
export function disposeEmbedding({ map, parts }: Embedding): void {
  tf.dispose([map, parts])
}
