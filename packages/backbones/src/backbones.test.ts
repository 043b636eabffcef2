import { createHash } from 'node:crypto'
import { InputError, loadEngine, randomKey, tf } from '@m2l/engine'
import {
  assignState,
  decodeSafetensors,
  encodeState,
  lossAndGradients,
  sgd,
  type AssignOptions,
  type Backbone,
} from '@m2l/nn'
import { beforeAll, describe, expect, it } from 'vitest'
import { backboneNames, createBackbone } from './index.js'

const key = randomKey(3)

beforeAll(() => loadEngine())

/** Gives a backbone another's weights by the bytes of a file. */
async function restore(from: Backbone, into: Backbone, options?: AssignOptions): Promise<void> {
  const { tensors } = decodeSafetensors(await encodeState(from.state), 'saved')
  assignState(into.state, tensors, 'saved', options)
}

function images(n: number, size: number): tf.Tensor4D {
  return tf.randomNormal([n, size, size, 3], 0, 1, 'float32', 5)
}

/** A digest of each parameter's bytes. */
function digests(backbone: Backbone): Record<string, string> {
  return Object.fromEntries(
    Object.entries(backbone.state).map(([name, { value }]) => [
      name,
      createHash('sha256').update(value.dataSync()).digest('hex'),
    ]),
  )
}

function trainOnce(backbone: Backbone, step: number): void {
  const optimiser = sgd(backbone.state)
  tf.tidy(() => {
    const context = { training: true, key: key.fold(step) }
    const batch = images(2, 32)
    const loss = () => tf.mean(tf.square(backbone.embed(batch, context))) as tf.Scalar
    optimiser.step(lossAndGradients(backbone.state, loss).gradients, 0.01)
  })
  optimiser.dispose()
}

describe.each(backboneNames)('%s', (name) => {
  it('gives maps of the announced size and leaves no other tensor behind', () => {
    const start = tf.memory().numTensors
    const backbone = createBackbone(name, key)
    const parameters = tf.memory().numTensors
    expect(parameters - start).toBe(Object.keys(backbone.state).length)
    for (const [height, width] of [
      [32, 32],
      [33, 50],
    ] as const) {
      const batch: tf.Tensor4D = tf.zeros([1, height, width, 3])
      for (const training of [false, true]) {
        const before = tf.memory().numTensors
        const map = backbone.embed(batch, { training, key })
        expect(map.shape).toEqual([1, ...backbone.outputSize(height, width), backbone.channels])
        expect(tf.memory().numTensors).toBe(before + 1)
        map.dispose()
      }
      batch.dispose()
    }
    backbone.dispose()
    expect(tf.memory().numTensors).toBe(start)
  })

  it('gives the maps of its stages in one pass, and that of the last is its embedding', () => {
    const backbone = createBackbone(name, key)
    const batch = images(2, 40)
    const before = tf.memory().numTensors
    tf.tidy(() => {
      const [first, ...others] = backbone.stages!
      const asked = [others.at(-1)!, first!]
      const maps = backbone.maps!(batch, { training: false }, asked)
      expect(Object.keys(maps)).toEqual(asked)
      expect(maps[asked[0]!]!.arraySync()).toEqual(backbone.embed(batch, { training: false }).arraySync())
      const alone = backbone.maps!(batch, { training: false }, [first!])
      expect(alone[first!]!.arraySync()).toEqual(maps[first!]!.arraySync())
      expect(backbone.maps!(batch, { training: false }, [])).toEqual({})
    })
    expect(tf.memory().numTensors).toBe(before)
    expect(() => backbone.maps!(batch, { training: false }, ['elsewhere'])).toThrow(
      `${name} has no stage "elsewhere"; choose one of ${backbone.stages!.join(', ')}`,
    )
    const misspelt = `${backbone.stages![0]!}0`
    expect(() => backbone.maps!(batch, { training: false }, [misspelt])).toThrow(
      `${name} has no stage "${misspelt}"; did you mean ${backbone.stages![0]!}?; choose one of `,
    )
    batch.dispose()
    backbone.dispose()
  })

  it('keeps the tensor count over a training step, and learns', () => {
    const backbone = createBackbone(name, key)
    const before = tf.memory().numTensors
    const initial = digests(backbone)
    trainOnce(backbone, 0)
    expect(tf.memory().numTensors).toBe(before)
    const trained = digests(backbone)
    const unchanged = Object.keys(initial).filter((parameter) => trained[parameter] === initial[parameter])
    // What a 1x1 convolution and a batch norm follow may be shifted without effect.
    expect(unchanged.filter((parameter) => !parameter.endsWith('project_bn.bias'))).toEqual([])
    backbone.dispose()
  })

  it('leaves frozen stages as they are while the others learn', () => {
    const backbone = createBackbone(name, key)
    const [first, second, ...others] = backbone.stages!
    const frozen = backbone.freeze!(second!)
    const isFrozen = (parameter: string) =>
      [first!, second!].some((stage) => parameter.startsWith(`${stage}.`))
    expect(Object.keys(frozen.state)).toEqual(Object.keys(backbone.state))
    for (const [parameter, { trainable, value }] of Object.entries(frozen.state)) {
      expect(value).toBe(backbone.state[parameter]!.value)
      expect(trainable, parameter).toBe(backbone.state[parameter]!.trainable && !isFrozen(parameter))
    }
    const initial = digests(backbone)
    const before = tf.memory().numTensors
    trainOnce(frozen, 0)
    expect(tf.memory().numTensors).toBe(before)
    const trained = digests(backbone)
    const changed = Object.keys(initial).filter((parameter) => trained[parameter] !== initial[parameter])
    expect(changed.filter(isFrozen)).toEqual([])
    for (const stage of others) {
      expect(
        changed.some((parameter) => parameter.startsWith(`${stage}.`)),
        stage,
      ).toBe(true)
    }
    expect(() => backbone.freeze!('elsewhere')).toThrow(`${name} has no stage "elsewhere"`)
    frozen.dispose()
  })

  it('is restored from the bytes of a file bit by bit', async () => {
    const [saved, restored] = [createBackbone(name, key.fold('a')), createBackbone(name, key.fold('b'))]
    trainOnce(saved, 1)
    const before = tf.memory().numTensors
    await restore(saved, restored)
    expect(tf.memory().numTensors).toBe(before)
    expect(digests(restored)).toEqual(digests(saved))
    saved.dispose()
    restored.dispose()
  })

  it('draws equal weights from equal keys and different ones from others', () => {
    const weights = ['a', 'a', 'b'].map((purpose) => {
      const backbone = createBackbone(name, key.fold(purpose))
      const drawn = Object.entries(digests(backbone)).find(([parameter]) => /^(layer4|head)/.test(parameter))
      backbone.dispose()
      return drawn
    })
    expect(weights[0]).toEqual(weights[1])
    expect(weights[0]).not.toEqual(weights[2])
  })

  it('names the images that it cannot embed', () => {
    const backbone = createBackbone(name, key)
    const before = tf.memory().numTensors
    const grey = tf.zeros([1, 32, 32, 1]) as tf.Tensor4D
    const tiny = tf.zeros([1, 8, 32, 3]) as tf.Tensor4D
    expect(() => backbone.embed(grey, { training: false })).toThrow(
      `${name} was given images of shape [1,32,32,1]; give it [n, height, width, 3]`,
    )
    expect(() => backbone.embed(tiny, { training: false })).toThrow(InputError)
    tf.dispose([grey, tiny])
    expect(tf.memory().numTensors).toBe(before)
    backbone.dispose()
  })
})

describe('the layers', () => {
  /**
   * What an evaluation makes of -1, which is one pixel in each square of four; the others are -.5. Every
   * convolution negates the first channel at its middle and drops the rest, batch norms leave it but for
   * epsilon, and the first pooling keeps what -1 has become, so that the rest is one number's way through the
   * network.
   */
  function ofMinusOne(name: string): number {
    const backbone = createBackbone(name, key)
    const value = tf.tidy(() => {
      for (const { value: weight, layout } of Object.values(backbone.state)) {
        if (layout !== 'convolution') continue
        const [height, width, inputs, outputs] = weight.shape as [number, number, number, number]
        const kernel = tf.buffer([height, width, inputs, outputs])
        kernel.set(-1, height >> 1, width >> 1, 0, 0)
        weight.assign(kernel.toTensor())
      }
      const square = tf.tensor4d([-1, -0.5, -0.5, -0.5], [1, 2, 2, 1])
      return backbone.embed(tf.tile(square, [1, 16, 16, 3]), { training: false }).dataSync()[0]!
    })
    backbone.dispose()
    return value
  }

  it.each([
    ['FourLayer_64F', 0.2],
    ['FourLayer_64F_4x', 0.2],
  ])('%s: LeakyReLU of slope .2 after each batch norm, maxima of squares', (name, slope) => {
    // 1, -1 to -.2, .2, then -.2 as it is where the last convolution is bare.
    const last = name === 'FourLayer_64F' ? -slope : -slope * slope
    expect(ofMinusOne(name)).toBeCloseTo(last, 4)
  })

  it.each(['R12', 'R12-pre'])(
    '%s: LeakyReLU of slope .1 after the first two and after the sum, maxima of squares',
    (name) => {
      const leaky = (x: number) => (x < 0 ? 0.1 * x : x)
      const stage = (x: number) => leaky(-leaky(-leaky(-x)) - x)
      expect(ofMinusOne(name)).toBeCloseTo(stage(stage(stage(stage(-1)))), 4)
    },
  )
})

describe('R12-pre', () => {
  it('counts training passes in its state, through a resume', async () => {
    const [interrupted, resumed] = [
      createBackbone('R12-pre', key),
      createBackbone('R12-pre', key.fold('other')),
    ]
    const batch = images(1, 32)
    const pass = (backbone: Backbone, training: boolean) =>
      tf.tidy(() => Array.from(backbone.embed(batch, { training, key }).dataSync()))
    const batchesSeen = (backbone: Backbone) => backbone.state.batches_seen!.value.dataSync()[0]
    tf.tidy(() => interrupted.state.batches_seen!.value.assign(tf.scalar(20_000)))
    pass(interrupted, true)
    pass(interrupted, false)
    expect(batchesSeen(interrupted)).toBe(20_001)
    await restore(interrupted, resumed)
    expect(pass(resumed, true)).toEqual(pass(interrupted, true))
    expect(batchesSeen(resumed)).toBe(20_002)
    tf.dispose(batch)
    interrupted.dispose()
    resumed.dispose()
  })

  it('drops by the key in training and not at all in evaluation', () => {
    const [dropping, plain] = [createBackbone('R12-pre', key), createBackbone('R12', key)]
    const batch = images(2, 32)
    const map = (backbone: Backbone, training: boolean, purpose: string) =>
      tf.tidy(() => Array.from(backbone.embed(batch, { training, key: key.fold(purpose) }).dataSync()))
    expect(map(dropping, false, 'a')).toEqual(map(plain, false, 'a'))
    expect(map(dropping, true, 'a')).not.toEqual(map(plain, true, 'a'))
    expect(map(dropping, true, 'b')).not.toEqual(map(dropping, true, 'a'))
    expect(() => dropping.embed(batch, { training: true })).toThrow(/pass a key/)
    tf.dispose(batch)
    dropping.dispose()
    plain.dispose()
  })

  it('shares its weights with R12 when the counter is left out', async () => {
    const [dropping, plain] = [createBackbone('R12-pre', key), createBackbone('R12', key.fold('other'))]
    await expect(restore(dropping, plain)).rejects.toThrow('1 unexpected (batches_seen)')
    await restore(dropping, plain, { optional: (name) => name === 'batches_seen' })
    const { batches_seen: _, ...weights } = digests(dropping)
    expect(digests(plain)).toEqual(weights)
    dropping.dispose()
    plain.dispose()
  })
})

describe('createBackbone', () => {
  it('names the backbones there are when asked for another', () => {
    expect(() => createBackbone('R18', key)).toThrow(
      '"R18" is not a backbone; choose one of FourLayer_64F, FourLayer_64F_4x, R12, R12-pre, EfficientNet-Lite0, ' +
        'EfficientNet-Lite1, EfficientNet-Lite2',
    )
    expect(() => createBackbone('toString', key)).toThrow(InputError)
  })
})
