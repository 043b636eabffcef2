import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadEngine, randomKey, tf } from '@m2l/engine'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { OnnxCardInput } from './card.js'
import type { OnnxEmbedder } from './embedder.js'
import { onnxEmbedder } from './onnx-embedder.js'
import { integers, pictures, writeOnnx, type SmallNetwork, type Weight } from './write-onnx.test.helper.js'

const side = 8
const picture = { size: side, mean: [0, 0, 0], deviation: [255, 255, 255] } satisfies OnnxCardInput['picture']

let folder: string

beforeAll(async () => {
  await loadEngine()
  folder = await mkdtemp(join(tmpdir(), 'm2l-onnx-'))
})

afterAll(() => rm(folder, { recursive: true }))

describe('a network of pooled features', () => {
  it('is the same as our layers', async () => {
    const { network, ours } = pooledNetwork()
    const embedder = await open(network)
    const views = someViews(5)
    const maps = await embedder.embed(views)
    expect(embedder.shape).toEqual([1, 1, 6])
    expect(maps.shape).toEqual([5, 1, 1, 6])
    expectNear(maps.data, ours(views).pooled)
    embedder.dispose()
  })

  it('gives a map within it that it does not show, too', async () => {
    const { network, ours } = pooledNetwork()
    const embedder = await open(network, { name: 'rectified', layout: 'nchw' })
    const views = someViews(3)
    const maps = await embedder.embed(views)
    expect(maps.shape).toEqual([3, 4, 4, 8])
    expectNear(maps.data, ours(views).map)
    embedder.dispose()
  })

  it('is read from a file with its card beside it', async () => {
    const { network } = pooledNetwork()
    const file = join(folder, 'pooled.onnx')
    await writeFile(file, writeOnnx(network))
    await writeFile(
      join(folder, 'pooled.yaml'),
      'picture: { size: 8, resize: 10, filter: bicubic, mean: [0, 0, 0], deviation: [255, 255, 255] }\n',
    )
    const embedder = await onnxEmbedder({ file })
    expect(embedder.card.picture).toMatchObject({ resize: 10, filter: 'bicubic' })
    const same = await onnxEmbedder({ bytes: writeOnnx(network), card: embedder.card })
    expect(same.fingerprint).toBe(embedder.fingerprint)
    const views = someViews(2)
    expect(await same.embed(views)).toEqual(await embedder.embed(views))
    for (const one of [embedder, same]) one.dispose()
  })

  it('is named by its weights and all of its card that decides numbers', async () => {
    const { network } = pooledNetwork()
    const others = [
      { network: pooledNetwork('others').network, card: { picture } },
      { network, card: { picture: { ...picture, filter: 'bicubic' as const } } },
      { network, card: { picture, output: { name: 'rectified', layout: 'nchw' as const } } },
      { network, card: { picture } },
      { network, card: { picture, origin: 'a test', licence: 'MIT' } },
    ]
    const fingerprints: string[] = []
    for (const { network: one, card } of others) {
      const embedder = await onnxEmbedder({ bytes: writeOnnx(one), card })
      fingerprints.push(embedder.fingerprint)
      embedder.dispose()
    }
    expect(new Set(fingerprints).size).toBe(4)
    expect(fingerprints[3]).toBe(fingerprints[4])
  })

  it('gives a picture the same numbers whatever is beside it, and each time', async () => {
    const embedder = await open(pooledNetwork().network)
    const views = someViews(70)
    const all = await embedder.embed(views)
    const one = await embedder.embed({ ...views, count: 1, data: views.data.subarray(0, side * side * 3) })
    expect(one.data).toEqual(all.data.subarray(0, 6))
    const twice = await Promise.all([embedder.embed(views), embedder.embed(someViews(3))])
    expect(twice[0].data).toEqual(all.data)
    embedder.dispose()
  })

  it('may take a fixed number of pictures', async () => {
    const { network, ours } = pooledNetwork()
    const embedder = await open({ ...network, inputs: [{ name: 'pixels', shape: [4, 3, side, side] }] })
    const views = someViews(6)
    expectNear((await embedder.embed(views)).data, ours(views).pooled)
    embedder.dispose()
  })

  it('knows its own size', async () => {
    const embedder = await open(pooledNetwork().network)
    expect(embedder.parameters).toBe(3 * 3 * 3 * 8 + 8 + 8 * 6 + 6)
    await expect(
      embedder.embed({ count: 1, height: 4, width: 4, data: new Float32Array(48) }),
    ).rejects.toThrow(/4 x 4 pixels, the network's input 8 x 8/)
    embedder.dispose()
  })
})

describe('tokens', () => {
  /** Patches of 2x2 pixels as tokens, and before them tokens that are none: the means of all. */
  const patches = (classTokens: number): SmallNetwork => ({
    outputs: [{ name: 'tokens' }],
    operations: [
      ['Conv', ['pixels', 'patch'], ['map'], { kernel_shape: [2, 2], strides: [2, 2] }],
      ['Reshape', ['map', 'flat'], ['channelsFirst']],
      ['Transpose', ['channelsFirst'], ['positions'], { perm: [0, 2, 1] }],
      ['ReduceMean', ['positions'], ['mean'], { axes: [1], keepdims: 1 }],
      [
        'Concat',
        [...Array.from({ length: classTokens }, () => 'mean'), 'positions'],
        ['tokens'],
        { axis: 1 },
      ],
    ],
    weights: { patch: convolution('patch', 5, 3, 2), flat: integers(0, 5, 16) },
  })

  it('are positions of a map after those that are skipped', async () => {
    const network = patches(1)
    const embedder = await open(network, { layout: 'tokens', skip: 1 })
    expect(embedder.shape).toEqual([4, 4, 5])
    const views = someViews(3)
    const maps = await embedder.embed(views)
    const filter = tf.transpose(tensorOf(network.weights!['patch']!) as tf.Tensor4D, [2, 3, 1, 0])
    expectNear(maps.data, tf.conv2d(viewTensor(views), filter as tf.Tensor4D, 2, 'valid'))
    embedder.dispose()
  })

  it('may begin with one that stands for all, a pooled feature', async () => {
    const views = someViews(3)
    const [first, all] = [
      await open(patches(1), { layout: 'first-token' }),
      await open(patches(1), { layout: 'tokens', skip: 1 }),
    ]
    expect(first.shape).toEqual([1, 1, 5])
    const map = await all.embed(views)
    expectNear((await first.embed(views)).data, tf.mean(tf.tensor4d(map.data, [3, 4, 4, 5]), [1, 2]))
    for (const one of [first, all]) one.dispose()
  })

  it('may be laid out in other grids', async () => {
    const embedder = await open(patches(0), { layout: 'tokens', grid: [2, 8] })
    expect(embedder.shape).toEqual([2, 8, 5])
    embedder.dispose()
    await expect(open(patches(1), { layout: 'tokens' })).rejects.toThrow(
      'network: its output tokens is [1, 17, 5]: 17 tokens after 0 that are skipped are no square; correct output.skip of its card, or say output.grid',
    )
    await expect(open(patches(1), { layout: 'tokens', grid: [4, 4] })).rejects.toThrow(
      /17 tokens after 0 that are skipped, but output\.grid of its card is 4 x 4/,
    )
  })
})

describe('layouts and types', () => {
  it('takes pictures with the channels last where the network has them so', async () => {
    const network: SmallNetwork = {
      inputs: [{ name: 'pixels', shape: ['n', side, side, 3] }],
      outputs: [{ name: 'same', shape: ['n', side, side, 3] }],
      operations: [['Identity', ['pixels'], ['same']]],
    }
    const embedder = await open(network, { layout: 'nhwc' })
    const views = someViews(2)
    const maps = await embedder.embed(views)
    expect(maps.shape).toEqual([2, side, side, 3])
    expect(maps.data).toEqual(views.data)
    embedder.dispose()
    // where any size fits, the card says it
    const open4 = { ...network, inputs: [{ name: 'pixels', shape: ['n', 'a', 'b', 'c'] }] }
    const said = await onnxEmbedder({
      bytes: writeOnnx({ ...open4, outputs: [{ name: 'same' }] }),
      card: { picture, input: { layout: 'nhwc' }, output: { layout: 'nhwc' } },
    })
    expect((await said.embed(views)).data).toEqual(views.data)
    said.dispose()
  })

  it('converts numbers of 16 and 64 bits', async () => {
    const views = someViews(2)
    const half = await open(
      {
        inputs: [{ name: 'pixels', shape: ['n', 3, side, side], type: 'float16' }],
        outputs: [{ name: 'same', shape: ['n', 3, side, side], type: 'float16' }],
        operations: [['Identity', ['pixels'], ['same']]],
      },
      { layout: 'nchw' },
    )
    const maps = await half.embed(views)
    maps.data.forEach((value, index) => expect(Math.abs(value - views.data[index]!)).toBeLessThan(2 ** -12))
    half.dispose()
    const double = await open(
      {
        outputs: [{ name: 'doubles', shape: ['n', 3, side, side], type: 'double' }],
        operations: [['Cast', ['pixels'], ['doubles'], { to: 11 }]],
      },
      { layout: 'nchw' },
    )
    expect((await double.embed(views)).data).toEqual(views.data)
    double.dispose()
  })

  it('takes networks that are quantised to 8 bits', async () => {
    const embedder = await open({
      outputs: [{ name: 'pooled' }],
      operations: [
        ['DynamicQuantizeLinear', ['pixels'], ['bytes', 'scale', 'zero']],
        ['DequantizeLinear', ['bytes', 'scale', 'zero'], ['rounded']],
        ['GlobalAveragePool', ['rounded'], ['pooled']],
      ],
    })
    const views = someViews(2)
    const means = tf.mean(viewTensor(views), [1, 2]).dataSync()
    const { data } = await embedder.embed(views)
    data.forEach((value, index) => expect(Math.abs(value - means[index]!)).toBeLessThan(1 / 512))
    embedder.dispose()
  })

  it('takes maps of one position for pooled features without being told', async () => {
    const embedder = await open({
      outputs: [{ name: 'pooled' }],
      operations: [['GlobalAveragePool', ['pixels'], ['pooled']]],
    })
    expect(embedder.shape).toEqual([1, 1, 3])
    embedder.dispose()
  })
})

function open(network: SmallNetwork, output?: OnnxCardInput['output']): Promise<OnnxEmbedder> {
  return onnxEmbedder({ bytes: writeOnnx(network), card: { picture, ...(output && { output }) } })
}

/**
 * A convolution, a rectifier, the mean over all positions and a linear layer; and the same by TensorFlow.js.
 */
function pooledNetwork(seed = 'pooled') {
  const weights = {
    filter: convolution(seed, 8, 3, 3),
    shift: random(seed, 'shift', [8]),
    projection: random(seed, 'projection', [8, 6]),
    bias: random(seed, 'bias', [6]),
  }
  const network: SmallNetwork = {
    inputs: [pictures(side)],
    outputs: [{ name: 'features', shape: ['n', 6] }],
    operations: [
      ['Conv', ['pixels', 'filter', 'shift'], ['convolved'], { strides: [2, 2], pads: [1, 1, 1, 1] }],
      ['Relu', ['convolved'], ['rectified']],
      ['GlobalAveragePool', ['rectified'], ['pooled']],
      ['Flatten', ['pooled'], ['flat']],
      ['Gemm', ['flat', 'projection', 'bias'], ['features']],
    ],
    weights,
  }
  const ours = (views: ReturnType<typeof someViews>) => {
    const padded = tf.pad(viewTensor(views), [
      [0, 0],
      [1, 1],
      [1, 1],
      [0, 0],
    ]) as tf.Tensor4D
    const filter = tf.transpose(tensorOf(weights.filter), [2, 3, 1, 0]) as tf.Tensor4D
    const map = tf.relu(tf.add(tf.conv2d(padded, filter, 2, 'valid'), tensorOf(weights.shift)))
    const product = tf.matMul(
      tf.mean(map, [1, 2]) as tf.Tensor2D,
      tensorOf(weights.projection) as tf.Tensor2D,
    )
    return { map, pooled: tf.add(product, tensorOf(weights.bias)) }
  }
  return { network, ours }
}

function convolution(
  seed: string,
  outputs: number,
  inputs: number,
  size: number,
): Weight & { data: Float32Array } {
  return random(seed, 'filter', [outputs, inputs, size, size])
}

function random(seed: string, name: string, shape: readonly number[]): Weight & { data: Float32Array } {
  const generator = randomKey(1).fold(seed, name).generator()
  const size = shape.reduce((product, length) => product * length, 1)
  return { shape, data: Float32Array.from({ length: size }, () => generator.uniform() - 0.5) }
}

function someViews(count: number) {
  const generator = randomKey(2).fold('views').generator()
  const data = Float32Array.from({ length: count * side * side * 3 }, () => generator.uniform())
  return { count, height: side, width: side, data }
}

function viewTensor({ count, data }: ReturnType<typeof someViews>): tf.Tensor4D {
  return tf.tensor4d(data, [count, side, side, 3])
}

function tensorOf({ shape, data }: Weight): tf.Tensor {
  return tf.tensor(data as Float32Array, [...shape])
}

function expectNear(values: Float32Array, expected: tf.Tensor): void {
  const ours = expected.dataSync()
  expect(values.length).toBe(ours.length)
  const largest = Math.max(...values.map((value, index) => Math.abs(value - ours[index]!)))
  expect(largest).toBeLessThan(1e-5)
}
