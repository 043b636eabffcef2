import { span, tf } from '@m2l/engine'
import type { Embedding, LevelFusion, LevelScores } from '@m2l/metric'
import {
  disposeState,
  mergeStates,
  prefixed,
  type Backbone,
  type ForwardContext,
  type StateDict,
} from '@m2l/nn'
import { encodeMaps, type ViewMaps } from './encode-maps.js'
import type { EpisodeTensors } from '../images/episode-tensors.js'
import { viewsFor, type ForwardEncoding, type ImageView } from './forward-encoding.js'
import type { ImageTensors } from '../images/image-tensors.js'
import { embedPooled } from './pool-stages.js'

/** A backbone and the levels that compare what it sees: all that is trained and evaluated. */
export class FewShotModel {
  readonly backbone: Backbone
  readonly metric: LevelFusion
  readonly encoding: ForwardEncoding

  constructor(backbone: Backbone, metric: LevelFusion, encoding: ForwardEncoding = { map: 'positions' }) {
    this.backbone = backbone
    this.metric = metric
    this.encoding = encoding
  }

  /** The views of an image that the levels need. */
  get views(): readonly ImageView[] {
    return viewsFor(this.metric.needs, this.encoding)
  }

  /**
   * The views of an unlabelled image that the levels need; none where no level looks at unlabelled images.
   */
  get viewsOfUnlabelled(): readonly ImageView[] {
    return viewsFor(this.metric.needsOfUnlabelled, this.encoding)
  }

  /** All parameters: the backbone's as `encoder.…`, each level's under its name. */
  get state(): StateDict {
    return mergeStates(prefixed('encoder', this.backbone.state), this.metric.state)
  }

  /**
   * The scores of an episode's queries.
   *
   * The backbone sees support parts, query parts, support images and query images as four batches, in this
   * order, as the published program does: in training their batch statistics are their own. Unlabelled images
   * follow, their parts and they themselves, as batches of their own. Parts that are regions of the map come
   * with it, in no batch of theirs.
   */
  scores({ support, shots, query, unlabelled }: EpisodeTensors, context: ForwardContext): LevelScores {
    return tf.tidy(() => {
      const supportParts = span('support parts', () =>
        this.#embedParts(support, within(context, 'support parts')),
      )
      const queryParts = span('query parts', () => this.#embedParts(query, within(context, 'query parts')))
      const supportMap = span('support', () => this.#embedWhole(support, within(context, 'support')))
      const queryMap = span('query', () => this.#embedWhole(query, within(context, 'query')))
      return this.metric.scores(
        {
          ...supportParts,
          ...supportMap,
          shots,
          ...(unlabelled && { unlabelled: this.embed(unlabelled, within(context, 'unlabelled')) }),
        },
        { ...queryParts, ...queryMap },
        within(context, 'metric'),
      )
    })
  }

  /** The embedding of images, with what the tensors allow. */
  embed(images: ImageTensors, context: ForwardContext): Embedding {
    return tf.tidy(() => ({
      ...this.#embedParts(images, within(context, 'parts')),
      ...this.#embedWhole(images, within(context, 'whole')),
    }))
  }

  dispose(): void {
    this.backbone.dispose()
    disposeState(this.metric.state)
  }

  #embedWhole({ count, whole }: ImageTensors, context: ForwardContext): Embedding {
    if (!whole) return {}
    return this.#encode({ count, whole: this.#mapOf(whole, context) })
  }

  #embedParts({ count, parts }: ImageTensors, context: ForwardContext): Embedding {
    if (!parts || this.encoding.regions) return {}
    return this.#encode({ count, parts: this.#mapOf(parts, context) })
  }

  #mapOf(views: tf.Tensor4D, context: ForwardContext): tf.Tensor4D {
    const { backbone, encoding } = this
    return encoding.map === 'pooled'
      ? embedPooled(backbone, views, context, encoding)
      : backbone.embed(views, context)
  }

  #encode(maps: ViewMaps): Embedding {
    const { needs, needsOfUnlabelled } = this.metric
    return encodeMaps(maps, this.encoding, [...needs, ...needsOfUnlabelled])
  }
}

function within(context: ForwardContext, purpose: string): ForwardContext {
  return context.key ? { ...context, key: context.key.fold(purpose) } : context
}
