import { InputError, tf } from '@m2l/engine'
import type { RenderedViews } from '@m2l/pictures'
import { disposeEmbedding, type LevelFusion } from '@m2l/metric'
import { disposeState } from '@m2l/nn'
import { encodeMaps } from './encode-maps.js'
import { viewsFor, type ForwardEncoding, type ImageView } from './forward-encoding.js'
import { embeddedImages, type EmbeddedField, type ImageNetwork } from '../network/image-network.js'
import type { RenderedImages } from '../images/image-tensors.js'
import { poolMaps } from './pool-stages.js'

/** A network of another runtime: it makes feature maps of views, as plain numbers. */
export interface MapNetwork {
  /** Names all that decides its numbers: a SHA-256 in hexadecimal. */
  readonly fingerprint: string
  /** The number of features at each position of its maps. */
  readonly channels: number
  /** The numbers in its weights. */
  readonly parameters: number
  /** The height, width and channels of its maps, where all have the same. */
  readonly shape?: readonly number[]
  /**
   * The maps of views; their memory stays the caller's.
   *
   * @returns [views, height, width, channels]; where the network pools, of one position
   */
  embed(views: RenderedViews): Promise<EmbeddedField>
  dispose(): void
}

/**
 * A network of another runtime, and the levels that compare what it sees: it is evaluated and used, not
 * trained.
 */
export class ForeignModel {
  readonly metric: LevelFusion
  /** Makes embeddings of what the network sees. */
  readonly network: ImageNetwork
  readonly #maps: MapNetwork
  readonly encoding: ForwardEncoding

  /**
   * @param maps the network, which is the model's from then on
   * @throws {InputError} when the encoding asks for stages
   */
  constructor(maps: MapNetwork, metric: LevelFusion, encoding: ForwardEncoding = { map: 'positions' }) {
    if (encoding.map === 'pooled' && encoding.stages.length > 0) {
      throw new InputError(
        `a network of another runtime has one map, no stages such as ${encoding.stages[0]}; name none of them`,
      )
    }
    this.metric = metric
    this.#maps = maps
    this.encoding = encoding
    this.network = { embed: (images) => this.#embed(images), dispose: () => {} }
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

  get fingerprint(): string {
    return this.#maps.fingerprint
  }

  /** The number of features at each position of the network's maps. */
  get channels(): number {
    return this.#maps.channels
  }

  get parameters(): number {
    return this.#maps.parameters
  }

  /** Whether the network gives one feature of a picture, in which no places are told apart. */
  get isPooled(): boolean {
    const [height = 0, width = 0] = this.#maps.shape ?? []
    return height * width === 1
  }

  /**
   * The network's maps of whole images, before anything is made of them: [images, height, width, channels].
   *
   * @param images whose memory is given back for the images that come next
   */
  async maps({ whole }: RenderedImages): Promise<EmbeddedField> {
    return (await this.#mapped(whole!.rendered))!
  }

  dispose(): void {
    this.#maps.dispose()
    disposeState(this.metric.state)
  }

  async #embed({ count, whole, parts }: RenderedImages) {
    const { needs, needsOfUnlabelled } = this.metric
    const mapped = { whole: await this.#mapped(whole?.rendered), parts: await this.#mapped(parts?.rendered) }
    const tensors = { count, whole: this.#tensorOf(mapped.whole), parts: this.#tensorOf(mapped.parts) }
    try {
      const embedding = tf.tidy(() => ({
        ...encodeMaps(tensors, this.encoding, [...needs, ...needsOfUnlabelled]),
      }))
      try {
        return await embeddedImages(embedding)
      } finally {
        disposeEmbedding(embedding)
      }
    } finally {
      tf.dispose([tensors.whole, tensors.parts])
    }
  }

  async #mapped(views: RenderedViews | undefined): Promise<EmbeddedField | undefined> {
    if (!views) return undefined
    try {
      return await this.#maps.embed(views)
    } finally {
      views.release?.()
    }
  }

  /** Maps as a tensor, [views, height, width, channels]; where the encoding pools them, of one position. */
  #tensorOf(map: EmbeddedField | undefined): tf.Tensor4D | undefined {
    if (!map) return undefined
    const encoding = this.encoding
    return tf.tidy(() => {
      const maps = tf.tensor4d(map.data, [...map.shape] as [number, number, number, number])
      return encoding.map === 'pooled' ? poolMaps([maps], encoding.window) : maps
    })
  }
}
