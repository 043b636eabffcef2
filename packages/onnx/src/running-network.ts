import type { InputTransform, RenderedViews } from '@m2l/pictures'
import { InputError } from '@m2l/engine'
import type { OnnxCard } from './card.js'
import type { OnnxEmbedder } from './embedder.js'
import { featureMaps, type FeatureMaps } from './feature-maps.js'
import type { NetworkSession } from './network-session.js'

/** What a network is run by. */
interface OpenNetwork {
  readonly name: string
  readonly card: OnnxCard
  readonly input: InputTransform
  readonly output: string
  readonly shape: readonly [height: number, width: number, channels: number]
  readonly notes: readonly string[]
  readonly parameters: number
  readonly fingerprint: string
  readonly session: NetworkSession
}

/** A network that has been tried and is ready. */
export class RunningNetwork implements OnnxEmbedder {
  readonly #network: OpenNetwork
  readonly #viewsPerRun: number
  #queue: Promise<unknown> = Promise.resolve()

  constructor(network: OpenNetwork) {
    this.#network = network
    this.#viewsPerRun = network.session.viewsPerRun
  }

  get card(): OnnxCard {
    return this.#network.card
  }

  get input(): InputTransform {
    return this.#network.input
  }

  get shape(): readonly [height: number, width: number, channels: number] {
    return this.#network.shape
  }

  get notes(): readonly string[] {
    return this.#network.notes
  }

  get channels(): number {
    return this.#network.shape[2]
  }

  get parameters(): number {
    return this.#network.parameters
  }

  get fingerprint(): string {
    return this.#network.fingerprint
  }

  embed(views: RenderedViews): Promise<FeatureMaps> {
    const maps = this.#queue.then(() => this.#embed(views)) // the network's input lies in memory of which there is one
    this.#queue = maps.catch(() => {})
    return maps
  }

  dispose(): void {
    this.#queue = this.#queue.then(() => this.#network.session.dispose())
  }

  async #embed({ count, height, width, data }: RenderedViews): Promise<FeatureMaps> {
    const { card, session, shape } = this.#network
    const { size } = card.picture
    if (height !== size || width !== size) {
      throw new RangeError(`the views are ${height} x ${width} pixels, the network's input ${size} x ${size}`)
    }
    const perView = size * size * 3
    const numbers = shape[0] * shape[1] * shape[2]
    const maps = new Float32Array(count * numbers)
    for (let start = 0; start < count; start += this.#viewsPerRun) {
      const views = Math.min(this.#viewsPerRun, count - start)
      const run = session.fixedBatch ?? views
      let pixels = data.subarray(start * perView, (start + views) * perView)
      if (run > views) {
        const whole = new Float32Array(run * perView) // the network takes no fewer
        whole.set(pixels)
        pixels = whole
      }
      const made = await this.#run({ count: run, data: pixels })
      maps.set(made.subarray(0, views * numbers), start * numbers)
    }
    return { shape: [count, ...shape], data: maps }
  }

  async #run(views: { count: number; data: Float32Array }): Promise<Float32Array> {
    const { name, card, session, output, shape } = this.#network
    const made = await session.run(views)
    try {
      const maps = featureMaps(made, card, { name, output, count: views.count })
      const found = maps.shape.slice(1)
      if (String(found) === String(shape)) return maps.data
      throw new InputError(
        `${name}: its output ${output} is [${found.join(', ')}] of a picture, where it was [${shape.join(', ')}] before; expected the same of all pictures`,
      )
    } finally {
      made.dispose()
    }
  }
}
