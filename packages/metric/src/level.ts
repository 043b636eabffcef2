import type { RandomKey, tf } from '@m2l/engine'
import type { ForwardContext, StateDict } from '@m2l/nn'
import type { z } from 'zod'
import type { Embedding, EmbeddingField, Support } from './embedding.js'
import type { ScoreExplanation } from './explanation.js'
import type { LeftOutImages } from './left-out-images.js'

/** One way to say how near queries are to classes of which a few labelled images are given. */
export interface MetricLevel {
  /** The name under which results show it. */
  readonly name: string
  /** The fields of the embedding that `scores` reads; nothing else is computed for it. */
  readonly needs: readonly EmbeddingField[]
  /** The fields that `scores` reads of unlabelled images; a level without it does not look at them. */
  readonly needsOfUnlabelled?: readonly EmbeddingField[]
  /** Weights that are learned with the backbone; empty for most levels. */
  readonly state: StateDict
  /**
   * Whether what a class is given depends on the images of the others, too, as in a head that is solved from
   * all classes together. Who asks what the other classes say of an image then has to leave its whole class
   * out of the support.
   */
  readonly joint?: boolean
  /** `false` for a level that is for evaluation alone: a loss of its scores is not to train a backbone. */
  readonly trainable?: false
  /**
   * Looks whether the level can be used as it is; called once before scores are asked for, outside graphs.
   *
   * @throws {InputError} when state that is not learned by gradient was never filled in
   */
  requireReady?(): void
  /**
   * Compares every query with every class.
   *
   * A pure function of tensors, variables and the context's key: it never reads values back to JavaScript.
   *
   * @returns [queries, ways], higher is nearer.
   */
  scores(support: Support, query: Embedding, context: ForwardContext): tf.Tensor2D
  /**
   * The scores of images of the support, each of which is left out of its class: what `scores` says of it by
   * a support without it, all in one pass. A level may do without, then `scores` is called for each.
   *
   * @param query the embedding of these images; `support.drawnShots` is not looked at
   * @returns for each of `left.draws` [queries, ways]; what is said of a class of one image by itself means
   *   nothing
   */
  leaveOneOut?(
    support: Support,
    query: Embedding,
    left: LeftOutImages,
    context: ForwardContext,
  ): tf.Tensor2D[]
  /**
   * As `leaveOneOut`, but each image is left out with its whole class; asked of a level that is `joint`, with
   * three classes or more. Without it, `scores` is called for each class.
   *
   * @returns for each of `left.draws` [queries, ways]; what is said of an image's own class means nothing
   */
  leaveClassOut?(
    support: Support,
    query: Embedding,
    left: LeftOutImages,
    context: ForwardContext,
  ): tf.Tensor2D[]
  /**
   * Tells where in the images the scores of one query came from; a level may do without. Unlike `scores` it
   * reads values back, once, and belongs in no loop that has to be fast.
   *
   * @param query of one image
   * @returns for each class
   */
  explain?(support: Support, query: Embedding, context: ForwardContext): Promise<readonly ScoreExplanation[]>
}

/** What a level may depend on when it is created. */
export interface LevelEnvironment {
  /** The number of features of the backbone. */
  readonly channels: number
  /** The source of its initial weights. */
  readonly key: RandomKey
}

/** How a level is found by name and created from options of a recipe. */
export interface LevelDefinition<Options extends z.ZodObject = z.ZodObject> {
  /** The name under `model.levels` in a recipe. */
  readonly name: string
  /** The options it takes there, beside `weight` and `temperature`, which belong to the fusion. */
  readonly options: Options
  create(options: z.output<Options>, environment: LevelEnvironment): MetricLevel
}

/** Declares a level; it only helps TypeScript to infer the type of the options. */
export function defineLevel<Options extends z.ZodObject>(
  definition: LevelDefinition<Options>,
): LevelDefinition<Options> {
  return definition
}
