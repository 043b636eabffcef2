import { availableParallelism } from 'node:os'
import { InputError } from '@m2l/engine'
import type { InferenceSession, Tensor } from 'onnxruntime-node'
import type { OnnxCard } from './card.js'
import { toHalf } from './half.js'
import { onnxRuntime } from './onnx-runtime.js'

/** Views as the input of a network: [count, side, side, 3], normalised. */
export interface InputViews {
  readonly count: number
  readonly data: Float32Array
}

/** What to run. */
export interface NetworkSource {
  /** What errors call it. */
  readonly name: string
  readonly bytes: Uint8Array
  /** Where weights lie that are not in it. */
  readonly folder?: string | undefined
  readonly card: OnnxCard
  /** The names of its input and of the output that is asked for. */
  readonly input: string
  readonly output: string
}

/**
 * At a time a network sees so many pictures, and so many pixels, which are 16 pictures of 224x224: more take
 * memory and save no time.
 */
const [mostViewsPerRun, pixelsPerRun] = [64, 16 * 224 ** 2]

/** A network that ONNX Runtime runs, with as many threads as the machine has. */
export class NetworkSession {
  /** How many views the network takes at once: it only takes so many, or any number. */
  readonly fixedBatch: number | undefined
  /** How many views it is given at once at the most. */
  readonly viewsPerRun: number
  readonly #source: NetworkSource
  readonly #session: InferenceSession
  readonly #layout: 'nchw' | 'nhwc'
  readonly #isHalf: boolean
  #memory = new Float32Array()

  private constructor(source: NetworkSource, session: InferenceSession) {
    this.#source = source
    this.#session = session
    const { type, shape } = inputOf(session, source)
    this.#isHalf = type === 'float16'
    this.#layout = layoutOf(shape, source)
    const [batch] = shape
    this.fixedBatch = typeof batch === 'number' ? batch : undefined
    const fitting = Math.floor(pixelsPerRun / source.card.picture.size ** 2)
    this.viewsPerRun = this.fixedBatch ?? Math.min(mostViewsPerRun, Math.max(2, fitting))
  }

  /**
   * @throws {InputError} when ONNX Runtime is missing or refuses the network, or this takes no pictures as
   * the card says
   */
  static async open(source: NetworkSource): Promise<NetworkSession> {
    const { InferenceSession } = await onnxRuntime()
    const { name, bytes, folder } = source
    let session: InferenceSession
    try {
      session = await InferenceSession.create(bytes, {
        executionProviders: ['cpu'],
        intraOpNumThreads: availableParallelism(),
        interOpNumThreads: 1,
        executionMode: 'sequential',
        logSeverityLevel: 4,
        extra: {
          session: {
            intra_op: { allow_spinning: '0' }, // threads that wait would take the time of those that decode pictures
            ...(folder !== undefined && { model_external_initializers_file_folder_path: folder }),
          },
        },
      })
    } catch (error) {
      throw new InputError(`${name}: ONNX Runtime refuses it: ${reasonOf(error)}`)
    }
    try {
      return new NetworkSession(source, session)
    } catch (error) {
      await session.release()
      throw error
    }
  }

  /** What the network makes of views. */
  async run({ count, data }: InputViews): Promise<Tensor> {
    const { name, card, input, output } = this.#source
    const { Tensor: RuntimeTensor } = await onnxRuntime()
    const { size } = card.picture
    const pixels = this.#arranged(data, size * size)
    const shape = this.#layout === 'nchw' ? [count, 3, size, size] : [count, size, size, 3]
    // where there is a Float16Array, the runtime would make one of the bits, which its own binding cannot
    // read
    const tensor = this.#isHalf
      ? Object.assign(new RuntimeTensor('uint16', toHalf(pixels), shape), { type: 'float16' })
      : new RuntimeTensor('float32', pixels, shape)
    try {
      return (await this.#session.run({ [input]: tensor }, [output]))[output]!
    } catch (error) {
      throw new InputError(
        `${name}: does not run on ${count} x ${size} x ${size} pixels, as picture.size of its card says: ${reasonOf(error)}`,
      )
    }
  }

  async dispose(): Promise<void> {
    await this.#session.release()
  }

  /** The pixels as the network has them, in memory of its own. */
  #arranged(data: Float32Array, area: number): Float32Array {
    if (this.#memory.length < data.length) this.#memory = new Float32Array(data.length)
    const to = this.#memory.subarray(0, data.length)
    if (this.#layout === 'nhwc') {
      to.set(data)
      return to
    }
    for (let start = 0; start < data.length; start += 3 * area) {
      for (let pixel = 0, from = start; pixel < area; pixel++) {
        to[start + pixel] = data[from++]!
        to[start + area + pixel] = data[from++]!
        to[start + 2 * area + pixel] = data[from++]!
      }
    }
    return to
  }
}

type InputShape = readonly (number | string)[]

function inputOf(
  session: InferenceSession,
  { name, input }: NetworkSource,
): { type: string; shape: InputShape } {
  const found = session.inputMetadata.find((one) => one.name === input)
  if (!found?.isTensor) throw new InputError(`${name}: its input ${input} is no tensor; expected pictures`)
  const { type, shape } = found
  if (type !== 'float32' && type !== 'float16') {
    throw new InputError(`${name}: its input ${input} is of type ${type}; expected float32 or float16`)
  }
  if (shape.length !== 4) {
    throw new InputError(
      `${name}: its input ${input} is [${shape.join(', ')}]; expected pictures, [n, 3, height, width] or [n, height, width, 3]`,
    )
  }
  return { type, shape }
}

/** Where the channels are: as the shape says, otherwise as the card does. */
function layoutOf(shape: InputShape, { name, input, card }: NetworkSource): 'nchw' | 'nhwc' {
  const { size } = card.picture
  const fits = {
    nchw: isOrAny(shape[1], 3) && isOrAny(shape[2], size) && isOrAny(shape[3], size),
    nhwc: isOrAny(shape[3], 3) && isOrAny(shape[1], size) && isOrAny(shape[2], size),
  }
  const said = card.input.layout
  const layout = said ?? (fits.nchw || !fits.nhwc ? 'nchw' : 'nhwc')
  if (fits[layout]) return layout
  const expected = layout === 'nchw' ? `[n, 3, ${size}, ${size}]` : `[n, ${size}, ${size}, 3]`
  throw new InputError(
    `${name}: its input ${input} is [${shape.join(', ')}], but its card says ${expected}; correct picture.size or input.layout of the card`,
  )
}

function isOrAny(side: number | string | undefined, expected: number): boolean {
  return typeof side !== 'number' || side === expected
}

/** What ONNX Runtime says, in words of its own only where these help. */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  const opset = /Opset (\d+) is under development.* till opset (\d+)/s.exec(message)
  if (opset) return newer('opset', opset)
  const format = /IR version: (\d+), max supported IR version: (\d+)/.exec(message)
  if (format) return newer('IR version', format)
  return withoutPlace(message).trim() || 'it does not say why'
}

function newer(what: string, [, needed, known]: RegExpExecArray): string {
  return `it needs ${what} ${needed}, and this one knows ${known} at most; export it with ${what} ${known} or less, or install a newer onnxruntime-node`
}

/** Leaves out the files, lines and functions of ONNX Runtime's source. */
function withoutPlace(message: string): string {
  const place = /\S+\.(?:cc|cpp|h):\d+ [^(]*(?=\()/.exec(message)
  if (!place) return message
  let end = place.index + place[0].length
  for (let open = 0; end < message.length; end++) {
    if (message[end] === '(') open++
    if (message[end] === ')' && --open === 0) break
  }
  return message.slice(0, place.index) + withoutPlace(message.slice(end + 1).trimStart())
}
