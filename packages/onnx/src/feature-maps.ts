import { InputError } from '@m2l/engine'
import type { OnnxCard } from './card.js'
import { fromHalf } from './half.js'

/** Feature maps as plain numbers. */
export interface FeatureMaps {
  /** [views, height, width, channels] */
  readonly shape: readonly [number, number, number, number]
  readonly data: Float32Array
}

/**
 * What a network makes of views, as ONNX Runtime gives it; this file stands without its types, since it may
 * not be installed.
 */
export interface NetworkOutput {
  readonly type: string
  readonly dims: readonly number[]
  readonly data: unknown
}

/** What errors call a network and its output, and how many views it saw. */
export interface OutputOf {
  readonly name: string
  readonly output: string
  readonly count: number
}

/** More numbers of one view are no features that anybody could compare. */
const mostNumbers = 2 ** 24

/** How an output's numbers are feature maps: of how many positions and channels, and where each begins. */
interface Arrangement {
  readonly height: number
  readonly width: number
  readonly channels: number
  /** Numbers of a view that come before those of its first position. */
  readonly skipped: number
  readonly isChannelsFirst: boolean
}

/**
 * A network's output as feature maps.
 *
 * @throws {InputError} when its shape or type is not what the card says
 */
export function featureMaps(output: NetworkOutput, card: OnnxCard, of: OutputOf): FeatureMaps {
  const { height, width, channels, skipped, isChannelsFirst } = arrangement(output.dims, card, of)
  const values = numbersOf(output, of)
  const { count } = of
  const positions = height * width
  const perView = values.length / count
  const shape = [count, height, width, channels] as const
  const length = positions * channels
  if (length === perView && !isChannelsFirst) return { shape, data: values }
  const data = new Float32Array(count * length)
  for (let view = 0; view < count; view++) {
    const [from, to] = [view * perView + skipped, view * length]
    if (!isChannelsFirst) {
      data.set(values.subarray(from, from + length), to)
      continue
    }
    for (let channel = 0; channel < channels; channel++) {
      for (let position = 0; position < positions; position++) {
        data[to + position * channels + channel] = values[from + channel * positions + position]!
      }
    }
  }
  return { shape, data }
}

function arrangement(dims: readonly number[], { output: card }: OnnxCard, of: OutputOf): Arrangement {
  const { name, output, count } = of
  const written = `${name}: its output ${output} is [${dims.join(', ')}]`
  if (dims[0] !== count || dims.length < 2) {
    throw new InputError(`${written} for ${count} pictures; expected [${count}, …], features of each picture`)
  }
  const perView = dims.slice(1).reduce((product, side) => product * side, 1)
  if (!(perView >= 1 && perView <= mostNumbers)) {
    throw new InputError(
      `${written}: ${perView} numbers of one picture; expected 1 to ${mostNumbers}, so name another output`,
    )
  }
  const [, a = 1, b = 1, c = 1] = dims
  const { layout } = card
  const pooled = { height: 1, width: 1, skipped: 0, isChannelsFirst: false }
  if (dims.length === 2 && layout === undefined) return { ...pooled, channels: a }
  if (dims.length === 3 && layout === 'first-token') return { ...pooled, channels: b }
  if (dims.length === 4 && layout !== 'tokens' && layout !== 'first-token') {
    if (layout === 'nchw' || (layout === undefined && b * c === 1)) {
      return { height: b, width: c, channels: a, skipped: 0, isChannelsFirst: b * c > 1 }
    }
    if (layout === 'nhwc' || (layout === undefined && a * b === 1)) {
      return { height: a, width: b, channels: c, skipped: 0, isChannelsFirst: false }
    }
    throw new InputError(`${written}; say in its card whether output.layout is nchw or nhwc`)
  }
  if (dims.length === 3 && layout === 'tokens') {
    const { skip } = card
    const [height, width] = gridOf(a - skip, card, written)
    return { height, width, channels: b, skipped: skip * b, isChannelsFirst: false }
  }
  const expected = {
    none: '[n, features], or a layout in its card (output.layout)',
    nchw: '[n, channels, height, width], as output.layout of its card says',
    nhwc: '[n, height, width, channels], as output.layout of its card says',
    tokens: '[n, tokens, features], as output.layout of its card says',
    'first-token': '[n, tokens, features], as output.layout of its card says',
  }
  throw new InputError(`${written}; expected ${expected[layout ?? 'none']}`)
}

function gridOf(
  tokens: number,
  { grid, skip }: OnnxCard['output'],
  written: string,
): readonly [number, number] {
  if (grid) {
    if (grid[0] * grid[1] === tokens) return grid
    throw new InputError(
      `${written}: ${tokens} tokens after ${skip} that are skipped, but output.grid of its card is ${grid.join(' x ')}; correct grid or skip`,
    )
  }
  const side = Math.sqrt(Math.max(0, tokens))
  if (Number.isInteger(side) && side > 0) return [side, side]
  throw new InputError(
    `${written}: ${tokens} tokens after ${skip} that are skipped are no square; correct output.skip of its card, or say output.grid`,
  )
}

function numbersOf({ type, data }: NetworkOutput, { name, output }: OutputOf): Float32Array {
  if (type === 'float32') return data as Float32Array
  if (type === 'float16') {
    // newer versions of Node.js have a type of array for it
    return data instanceof Uint16Array ? fromHalf(data) : Float32Array.from(data as Iterable<number>)
  }
  if (type === 'float64') return Float32Array.from(data as Float64Array)
  throw new InputError(
    `${name}: its output ${output} is of type ${type}; expected float16, float32 or float64, so name another output`,
  )
}
