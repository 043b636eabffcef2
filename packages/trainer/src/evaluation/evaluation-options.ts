import type { Episode } from '@m2l/samplers'
import type { EpisodeImages } from '../images/episode-images.js'
import type { EvaluatedModel, OnEager } from '@m2l/model'
import type { OnProgress, Phase } from '../run/progress.js'
import type { BankOptions, FeatureBank } from './feature-bank.js'

/** What every evaluation takes. */
interface CommonOptions {
  readonly episodes: readonly Episode[]
  readonly phase?: Extract<Phase, 'validate' | 'test'>
  readonly onProgress?: OnProgress
  /** See `GraphFunctionOptions` of `@m2l/engine`. */
  readonly onEager?: OnEager
  readonly signal?: AbortSignal
}

export interface EvaluationOptions extends CommonOptions, BankOptions {
  readonly model: EvaluatedModel
  readonly images: EpisodeImages
  /**
   * Whether to embed every image once (the default) or anew in each episode. The accuracies are the same; the
   * bank is much faster, but keeps the embeddings of all images of the episodes, in memory or on disk.
   */
  readonly bank?: boolean
}

/** Embeddings of the images of episodes that are there already. */
export type EpisodeFeatures = Pick<FeatureBank, 'size' | 'embeddings'>

/** An evaluation of levels alone, on embeddings that are there already. */
export interface FeatureEvaluationOptions extends CommonOptions {
  readonly model: Pick<EvaluatedModel, 'metric'>
  readonly features: EpisodeFeatures
}
