import { graphFunction, loadEngine, randomKey, tf } from '@m2l/engine'
import { trainableVariables } from '@m2l/nn'
import { beforeAll, describe, expect, it } from 'vitest'
import { createBackbone, efficientNetLite, liteName } from './index.js'

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

  it('has stages of these sizes, and halves an odd side up', () => {
    const backbone = createBackbone('EfficientNet-Lite0', key)
    const shapes = tf.tidy(() => {
      const images: tf.Tensor4D = tf.zeros([1, 70, 65, 3])
      const maps = backbone.maps!(images, { training: false }, backbone.stages!)
      return Object.fromEntries(Object.entries(maps).map(([name, { shape }]) => [name, shape.slice(1)]))
    })
    expect(shapes).toEqual({
      stem: [35, 33, 32],
      stage1: [35, 33, 16],
      stage2: [18, 17, 24],
      stage3: [9, 9, 40],
      stage4: [5, 5, 80],
      stage5: [5, 5, 112],
      stage6: [3, 3, 192],
      stage7: [3, 3, 320],
      head: [3, 3, 1280],
    })
    backbone.dispose()
  })

  it('finds its tensors under published names', () => {
    const names = [
      '_conv_stem.weight',
      '_bn0.running_var',
      '_blocks.0._depthwise_conv.weight',
      '_blocks.15._expand_conv.weight',
      '_blocks.15._bn0.bias',
      '_bn1.weight',
      '_fc.weight',
      '_blocks.16._bn0.bias',
      '_blocks.3.toString.weight',
      'layer1.weight',
    ]
    expect(names.map((name) => liteName(0, name))).toEqual([
      'stem.conv.weight',
      'stem.bn.running_var',
      'stage1.0.depthwise.weight',
      'stage7.0.expand.weight',
      'stage7.0.expand_bn.bias',
      'head.bn.weight',
      null,
      undefined,
      undefined,
      undefined,
    ])
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
    const [dropping, plain] = [{ drop_connect: 0.5 }, {}].map((options) =>
      createBackbone('EfficientNet-Lite0', key, options),
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

/**
 * Says that a function of four images gives, as a graph, what it gives operation by operation, but for
 * rounding.
 */
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
