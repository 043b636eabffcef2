import { graphFunction, InputError, loadEngine, randomKey, tf } from '@m2l/engine'
import { trainableVariables } from '@m2l/nn'
import { beforeAll, describe, expect, it } from 'vitest'
import { createBackbone, efficientNetLite } from './index.js'

const key = randomKey(5)

beforeAll(async () => {
  await loadEngine()
})

describe('EfficientNet-Lite', () => {
  it.each([
    // Parameters without the classifier of 1000 classes: 4,652,008, 5,416,680 and 6,092,072 less 1,281,000.
    [0, 3_371_008, 16, 224, 7],
    [1, 4_135_680, 21, 240, 8],
    [2, 4_811_072, 21, 260, 9],
  ] as const)('%i has the published size', (variant, parameters, blocks, side, mapSide) => {
    const backbone = efficientNetLite({ variant, key })
    const sizes = Object.values(trainableVariables(backbone.state)).map(({ size }) => size)
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(parameters)
    expect(Object.keys(backbone.state).filter((name) => name.endsWith('depthwise.weight'))).toHaveLength(
      blocks,
    )
    expect(backbone.outputSize(side, side)).toEqual([mapSide, mapSide])
    backbone.dispose()
  })

  it('gives the maps of its stages in one pass, and that of the last is its embedding', () => {
    const backbone = efficientNetLite({ variant: 0, key })
    const before = tf.memory().numTensors
    tf.tidy(() => {
      const images: tf.Tensor4D = tf.randomNormal([1, 70, 64, 3], 0, 1, 'float32', 3)
      const context = { training: false }
      const maps = backbone.maps!(images, context, ['stage5', 'head', 'stem'])
      expect(Object.fromEntries(Object.entries(maps).map(([name, { shape }]) => [name, shape]))).toEqual({
        stem: [1, 35, 32, 32],
        stage5: [1, 5, 4, 112],
        head: [1, 3, 2, 1280],
      })
      expect(maps.head!.arraySync()).toEqual(backbone.embed(images, context).arraySync())
      const alone = backbone.maps!(images, context, ['stage5'])
      expect(alone.stage5!.arraySync()).toEqual(maps.stage5!.arraySync())
      expect(backbone.maps!(images, context, [])).toEqual({})
    })
    expect(tf.memory().numTensors).toBe(before)
    expect(backbone.stages).toEqual([
      'stem',
      ...[1, 2, 3, 4, 5, 6, 7].map((stage) => `stage${stage}`),
      'head',
    ])
    backbone.dispose()
  })

  it('names the stages there are when asked for another', () => {
    const backbone = createBackbone('EfficientNet-Lite0', key)
    const images: tf.Tensor4D = tf.zeros([1, 32, 32, 3])
    expect(() => backbone.maps!(images, { training: false }, ['stage8'])).toThrow(InputError)
    expect(() => backbone.maps!(images, { training: false }, ['stage8'])).toThrow(
      'EfficientNet-Lite0 has no stage "stage8"; choose one of stem, stage1, stage2, stage3, stage4, ' +
        'stage5, stage6, stage7, head',
    )
    images.dispose()
    backbone.dispose()
  })

  it('runs as a graph, and gives what it gives eagerly', () => {
    const backbone = efficientNetLite({ variant: 0, key })
    expectGraphEqual((images) => ({ map: backbone.embed(images, { training: false }) }))
    backbone.dispose()
  })

  it.each([
    ['batch norms of the batch', false],
    ['fixed batch norms', true],
  ])('is trained as a graph with the gradients that it has eagerly: %s', (_name, fixBatchNorm) => {
    const backbone = efficientNetLite({ variant: 0, key })
    const variables = Object.entries(trainableVariables(backbone.state))
    expectGraphEqual((images) => {
      const { value, grads } = tf.variableGrads(
        () => {
          const map = backbone.embed(images, { training: true, fixBatchNorm })
          const probe = tf.cos(tf.range(0, map.size).reshape(map.shape))
          return tf.sum(tf.mul(map, probe)) as tf.Scalar
        },
        variables.map(([, variable]) => variable),
      )
      const named = variables.map(([name, variable]) => [name, grads[variable.name]!] as const)
      return Object.fromEntries<tf.Tensor>([['loss', value], ...named])
    })
    backbone.dispose()
  })

  it('leaves blocks out in training where told, by the key', () => {
    const [dropping, plain] = [0.5, 0].map((dropConnect) =>
      efficientNetLite({ variant: 0, key, dropConnect }),
    )
    const before = tf.memory().numTensors
    tf.tidy(() => {
      const images: tf.Tensor4D = tf.randomNormal([2, 64, 64, 3], 0, 1, 'float32', 7)
      const map = (backbone: typeof plain, training: boolean, purpose: string) =>
        backbone!.embed(images, { training, fixBatchNorm: true, key: key.fold(purpose) }).arraySync()
      expect(map(dropping, false, 'a')).toEqual(map(plain, false, 'a'))
      expect(map(dropping, true, 'a')).toEqual(map(dropping, true, 'a'))
      expect(map(dropping, true, 'a')).not.toEqual(map(dropping, true, 'b'))
      expect(map(plain, true, 'a')).toEqual(map(plain, true, 'b'))
      expect(() => dropping!.embed(images, { training: true })).toThrow(/pass a key/)
    })
    expect(tf.memory().numTensors).toBe(before)
    for (const backbone of [dropping, plain]) backbone!.dispose()
  })
})

/** Says that a function of four images gives, as a graph, what it gives operation by operation, but for rounding. */
function expectGraphEqual(compute: (images: tf.Tensor4D) => Record<string, tf.Tensor>): void {
  const reasons: string[] = []
  const ofInputs = ({ images }: { images: tf.Tensor }) => compute(images as tf.Tensor4D)
  const graph = graphFunction(ofInputs, { onEager: (reason) => reasons.push(reason) })
  tf.tidy(() => {
    const images: tf.Tensor4D = tf.randomNormal([4, 64, 64, 3], 0, 1, 'float32', 7)
    const [found, expected] = [graph({ images }), compute(images)]
    for (const [name, tensor] of Object.entries(expected)) {
      const largest = tf.max(tf.abs(tensor)).dataSync()[0]!
      const apart = tf.max(tf.abs(tf.sub(tensor, found[name]!))).dataSync()[0]!
      expect(largest, name).toBeGreaterThan(0)
      expect(apart, name).toBeLessThan(1e-3 * (largest + 0.1))
    }
  })
  expect(reasons).toEqual([])
  graph.dispose()
}
