import { createHash } from 'node:crypto'
import { dirname, extname } from 'node:path'
import { inputTransform, type InputTransform, type RenderedViews } from '@m2l/datasets'
import { InputError } from '@m2l/engine'
import { cardBeside, readOnnxCard, type OnnxCard, type OnnxCardInput } from './card.js'
import { externalFiles, hashOfFiles } from './external-files.js'
import { featureMaps, type FeatureMaps } from './feature-maps.js'
import { readModelFile, withOutput, type ModelFile } from './model-file.js'
import { readNetwork } from './network-file.js'
import { NetworkSession } from './network-session.js'
import { onnxRuntime } from './onnx-runtime.js'
import { tryNetwork } from './try-network.js'

/** Which network, and how pictures go in and features come out. */
export type OnnxEmbedderOptions =
  | {
      /** The ONNX file. */
      readonly file: string
      readonly bytes?: never
      /** The card, or the file of one; the YAML file beside the network that is called like it, if not given. */
      readonly card?: OnnxCardInput | string
    }
  | {
      readonly file?: never
      /** What an ONNX file holds. */
      readonly bytes: Uint8Array
      readonly card: OnnxCardInput | string
    }

/** At a time a network sees so many pixels, which are 32 pictures of 224x224: more take memory and save no time. */
const pixelsPerRun = 32 * 224 ** 2

/**
 * A network in an ONNX file as an embedder of pictures, run by ONNX Runtime (`onnxruntime-node`, which is to be installed beside).
 *
 * It is first tried in a process of its own on two blank pictures, so that a network that crashes or takes all memory only ends
 * that process.
 *
 * @throws {InputError} when ONNX Runtime is not installed, the file or the card cannot be read, or they do not fit together
 */
export async function onnxEmbedder(options: OnnxEmbedderOptions): Promise<OnnxEmbedder> {
  const name = options.file ?? 'network'
  const card = await readOnnxCard(options.card ?? cardBeside(options.file!))
  const { transform, normalisation } = inputTransform(card.picture)
  await onnxRuntime()
  const given = options.bytes ?? (await readNetwork(options.file))
  const model = readModelFile(given, name)
  const folder = options.file === undefined ? undefined : dirname(options.file)
  const external = await externalFiles(model.external, folder, name)
  const output = outputOf(model, card, name)
  const source = {
    name,
    bytes: model.outputs.some(({ name: own }) => own === output) ? given : withOutput(given, output),
    folder: external.length > 0 ? folder : undefined,
    card,
    input: inputOf(model, card, name),
    output,
  }
  const weightBytes = given.length + external.reduce((sum, { bytes }) => sum + bytes, 0)
  const shape = await tryNetwork(source, weightBytes)
  const hash = createHash('sha256')
    .update(given)
    .update(await hashOfFiles(external))
  const { picture, input, output: outputCard } = card
  hash.update(JSON.stringify([picture, input, { ...outputCard, name: output }]))
  return new OnnxEmbedder({
    name,
    card,
    input: { transform, normalisation },
    output,
    shape,
    parameters: model.parameters,
    fingerprint: hash.digest('hex'),
    session: await NetworkSession.open(source),
  })
}

/** Whether a file is an ONNX network by its name. */
export function isOnnxFile(file: string): boolean {
  return extname(file).toLowerCase() === '.onnx'
}

interface OpenNetwork {
  readonly name: string
  readonly card: OnnxCard
  readonly input: InputTransform
  readonly output: string
  readonly shape: readonly [height: number, width: number, channels: number]
  readonly parameters: number
  readonly fingerprint: string
  readonly session: NetworkSession
}

/** Makes feature maps of views of pictures; see {@link onnxEmbedder}. */
export class OnnxEmbedder {
  readonly #network: OpenNetwork
  readonly #viewsPerRun: number
  #queue: Promise<unknown> = Promise.resolve()

  constructor(network: OpenNetwork) {
    this.#network = network
    const { session, card } = network
    this.#viewsPerRun = session.fixedBatch ?? Math.max(1, Math.floor(pixelsPerRun / card.picture.size ** 2))
  }

  get card(): OnnxCard {
    return this.#network.card
  }

  /** How pictures become views, and what becomes of the levels of these. */
  get input(): InputTransform {
    return this.#network.input
  }

  /** The height, width and channels of a view's features; pooled features are of one position. */
  get shape(): readonly [height: number, width: number, channels: number] {
    return this.#network.shape
  }

  get channels(): number {
    return this.#network.shape[2]
  }

  /** The numbers in its weights. */
  get parameters(): number {
    return this.#network.parameters
  }

  /** Names all that decides its numbers, network and card: a SHA-256 in hexadecimal. */
  get fingerprint(): string {
    return this.#network.fingerprint
  }

  /**
   * The feature maps of views, in runs of a size that does not depend on how many there are.
   *
   * @param views of the size that the card says, normalised by {@link input}
   * @returns [views, height, width, channels]
   * @throws {InputError} when the network refuses them or answers otherwise than before
   */
  embed(views: RenderedViews): Promise<FeatureMaps> {
    const maps = this.#queue.then(() => this.#embed(views)) // the network's input lies in memory of which there is one
    this.#queue = maps.catch(() => {})
    return maps
  }

  /** Frees the network. */
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

function inputOf({ inputs }: ModelFile, { input }: OnnxCard, name: string): string {
  const names = inputs.map((one) => one.name)
  const [only] = names
  if (names.length !== 1 || only === undefined) {
    throw new InputError(
      `${name}: has ${names.length} inputs (${names.join(', ') || 'none'}); expected one, of pictures`,
    )
  }
  if (input.name === undefined || input.name === only) return only
  throw new InputError(
    `${name}: has no input ${input.name}, which its card names (input.name); it has ${only}`,
  )
}

function outputOf({ outputs, tensors }: ModelFile, { output }: OnnxCard, name: string): string {
  const names = outputs.map((one) => one.name)
  if (output.name !== undefined) {
    if ([...names, ...tensors.map((inner) => inner.name)].includes(output.name)) return output.name
    throw new InputError(
      `${name}: has no output or inner tensor ${output.name}, which its card names (output.name); its outputs are ${names.join(', ')}, and m2l weights show lists the others`,
    )
  }
  const [only] = names
  if (names.length === 1 && only !== undefined) return only
  throw new InputError(
    `${name}: has ${names.length} outputs (${names.join(', ')}); say in its card which are the features (output.name)`,
  )
}
