import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openDataset } from '@m2l/datasets'
import { InputError, loadEngine, tf } from '@m2l/engine'
import { EpisodeImages, loadCheckpoint } from '@m2l/trainer'
import fc from 'fast-check'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { FewShotClassifier, parseRecipe, weightsFile, type Classification } from '../index.js'
import { createModel, episodeTransforms } from '@m2l/model'
import { loadSafetensors, saveSafetensors } from '@m2l/nn/files'
import { pattern, patterns, png, temporaryFolder, writeClasses } from './patterns.test.helper.js'

const weights = 'emoji-conv64f'
let before: number
let classifier: FewShotClassifier

beforeAll(async () => {
  await loadEngine()
})

beforeEach(async () => {
  before = tf.memory().numTensors
  classifier = await FewShotClassifier.load(weights)
})

afterEach(expectNothingLeft)

function expectNothingLeft() {
  classifier.dispose()
  expect(tf.memory().numTensors).toBe(before)
}

const labelsOf = (results: readonly Classification[]) => results.map(({ label }) => label)

async function addThree() {
  await classifier.add('red', patterns(0, 3))
  await classifier.add('green', patterns(1, 2))
  await classifier.add('blue', patterns(2, 4))
}

describe('classify', () => {
  it('tells label, probability and what each level says, and leaves no tensor behind', async () => {
    await addThree()
    const held = tf.memory().numTensors
    const results = await classifier.classify([pattern(0, 9), pattern(1, 9), pattern(2, 9)])
    expect(tf.memory().numTensors).toBe(held)
    expect(labelsOf(results)).toEqual(['red', 'green', 'blue'])
    for (const { labels, label, probability, probabilities, levels } of results) {
      expect(labels).toEqual(['red', 'green', 'blue'])
      expect(probability).toBe(probabilities[labels.indexOf(label)])
      expect(probabilities.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 5)
      expect(Object.keys(levels)).toEqual(['part', 'pixel', 'global'])
      for (const level of Object.values(levels)) {
        expect(level.label).toBe(labels[level.scores.indexOf(Math.max(...level.scores))])
        expect(level.probability).toBeGreaterThan(1 / 3)
      }
    }
    expect(await classifier.classify([])).toEqual([])
  })

  it('takes paths, bytes, pixels and tensors alike', async () => {
    await addThree()
    const image = pattern(1, 9)
    const file = join(await temporaryFolder(), 'a picture 图.png')
    await writeFile(file, await png(image))
    const tensor = tf.tensor3d(image.data, [image.height, image.width, 3], 'int32')
    const results = await classifier.classify([image, file, await png(image), tensor])
    tensor.dispose()
    for (const { probabilities } of results) {
      expectClose(probabilities, results[0]!.probabilities)
    }
  })

  it('scores as a model does in evaluation', async () => {
    const folder = await temporaryFolder()
    const classes = { a: patterns(0, 5), b: patterns(1, 5), c: patterns(2, 5) }
    await writeClasses(folder, classes)
    for (const [label, images] of Object.entries(classes)) await classifier.add(label, images.slice(0, 2))
    const results = await classifier.classify(Object.values(classes).flatMap((images) => images.slice(2)))

    const file = weightsFile(weights)
    const recipe = parseRecipe((await loadSafetensors(file)).metadata.recipe!, file)
    const model = createModel(recipe)
    await loadCheckpoint(file, { model: model.state })
    const dataset = await openDataset({ root: folder, layout: 'class-folders' })
    const images = new EpisodeImages(dataset, dataset.splits.all!, episodeTransforms(recipe))
    const ofClass = [0, 1, 2].map(() => [0, 1])
    const episode = { classes: [0, 1, 2], support: ofClass, query: ofClass.map(() => [2, 3, 4]) }
    const tensors = images.episodeTensors(await images.loadEpisode(episode, model))
    const expected = tf.tidy(() => {
      const { part, pixel, global } = model.scores(tensors, { training: false })
      return { part: part!.arraySync(), pixel: pixel!.arraySync(), global: global!.arraySync() }
    })
    results.forEach(({ levels }, query) => {
      for (const name of ['part', 'pixel', 'global'] as const) {
        expectClose(levels[name]!.scores, expected[name][query]!)
      }
    })
    tf.dispose([
      tensors.support.whole,
      tensors.support.parts,
      tensors.query.whole,
      tensors.query.parts,
      tensors.labels,
    ] as tf.Tensor[])
    model.dispose()
    await dataset.close()
  })

  it('does not depend on the order of classes and on what is classified beside an image', async () => {
    const kinds = [0, 1, 2, 3]
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray(kinds, { minLength: 4 }),
        fc.integer({ min: 1, max: 20 }),
        async (order, beside) => {
          for (const kind of order) await classifier.add(String(kind), patterns(kind, 1 + kind))
          const images = [pattern(2, 30), ...patterns(1, beside)]
          const [{ labels, probabilities }] = (await classifier.classify(images)) as [Classification]
          const sorted = kinds.map((kind) => probabilities[labels.indexOf(String(kind))]!)
          first ??= sorted
          expectClose(sorted, first)
          for (const kind of kinds) classifier.remove(String(kind))
        },
      ),
      { numRuns: 5 },
    )
  })
  let first: number[] | undefined

  it('reports pictures that cannot be read where it is asked to', async () => {
    await addThree()
    const images = ['nowhere.png', pattern(0, 9), Buffer.from('no picture'), pattern(1, 9)]
    const [missing, red, broken, green] = await classifier.classifyReadable(images)
    expect((missing as InputError).message).toMatch(/^nowhere\.png: does not exist/)
    expect((broken as InputError).message).toMatch(/^image 3: is not a picture in a known format/)
    expect(labelsOf([red, green] as Classification[])).toEqual(['red', 'green'])
    await expect(classifier.classify(images)).rejects.toThrow(/^nowhere\.png: does not exist/)
  })

  it('stops when it is told to', async () => {
    await addThree()
    const stop = new AbortController()
    const all = classifier.classify(patterns(0, 60), {
      signal: stop.signal,
      onProgress: () => stop.abort(new Error('enough')),
    })
    await expect(all).rejects.toThrow('enough')
  })
})

describe('classes', () => {
  it('grow by any number at any time, and can be removed', async () => {
    await addThree()
    expect(classifier.classes).toEqual([
      { label: 'red', images: 3 },
      { label: 'green', images: 2 },
      { label: 'blue', images: 4 },
    ])
    const held = tf.memory().numTensors
    const [inOne] = (await classifier.classify([pattern(0, 9)])) as [Classification]
    classifier.remove('red')
    await classifier.add('red', patterns(0, 1))
    await classifier.add('red', patterns(0, 2, 1))
    const [inTwo] = (await classifier.classify([pattern(0, 9)])) as [Classification]
    expect(inTwo.labels).toEqual(['green', 'blue', 'red'])
    expect(inTwo.probability).toBeCloseTo(inOne.probability, 4)
    expect(tf.memory().numTensors).toBe(held)
  })

  it('are added without pictures that cannot be read where it is asked for, and are plain data', async () => {
    const left = await classifier.addReadable('red', [
      pattern(0, 1),
      'none.png',
      pattern(0, 2),
      Buffer.alloc(0),
    ])
    expect([...left].map(([position, { message }]) => [position, message])).toEqual([
      [1, expect.stringMatching(/^none\.png: does not exist/)],
      [3, expect.stringMatching(/^image 4: is empty/)],
    ])
    await classifier.addReadable('green', patterns(1, 1))
    expect(classifier.classes).toEqual([
      { label: 'red', images: 2 },
      { label: 'green', images: 1 },
    ])
    const [found] = await classifier.classify([{ name: 'late', read: async () => png(pattern(0, 9)) }])
    expect(JSON.parse(JSON.stringify(found))).toEqual(found)
    const { known, strangers } = await classifier.leaveOneOut()
    expect(JSON.parse(JSON.stringify({ known, strangers }))).toEqual({ known, strangers })
  })

  it('are not added unless all pictures can be read', async () => {
    await expect(classifier.add('red', [pattern(0, 1), Buffer.alloc(0)])).rejects.toThrow(
      'image 2: is empty (0 bytes)',
    )
    expect(classifier.classes).toEqual([])
  })
})

describe('numbers that are not finite', () => {
  it('are told where a network makes them of a picture', async () => {
    const folder = await temporaryFolder()
    const file = join(folder, 'huge.safetensors')
    const { tensors, metadata } = await loadSafetensors(weightsFile(weights))
    const huge = Object.entries(tensors).map(([name, tensor]) => {
      const isFactor = tensor.data instanceof Float32Array && name.endsWith('weight')
      const data = isFactor ? (tensor.data as Float32Array).map(() => 3e38) : tensor.data
      return [name, { ...tensor, data }]
    })
    await saveSafetensors(file, Object.fromEntries(huge) as typeof tensors, metadata)
    const other = await FewShotClassifier.load(file)
    await expect(other.add('red', patterns(0, 2))).rejects.toThrow(
      'image 1: the network makes numbers of it that are not finite; take other weights',
    )
    other.dispose()
  })
})

it('takes pictures in the forms that pages have', async () => {
  await addThree()
  const picture = pattern(1, 9)
  const withAlpha = new Uint8ClampedArray((picture.data.length / 3) * 4).fill(255)
  picture.data.forEach((level, index) => (withAlpha[Math.floor(index / 3) * 4 + (index % 3)] = level))
  const bytes = await png(picture)
  const answers = await classifier.classify([
    picture,
    { ...picture, data: withAlpha },
    bytes,
    new Blob([Uint8Array.from(bytes)]),
  ])
  for (const answer of answers) expect(answer).toEqual(answers[0])
})

describe('mistakes are told in a line', () => {
  it.each<[string, () => Promise<unknown> | unknown, RegExp]>([
    ['no class', () => classifier.classify([pattern(0, 0)]), /^there is no class; expected .* two classes/],
    [
      'one class',
      async () => {
        await classifier.add('only', patterns(0, 2))
        return classifier.classify([pattern(0, 0)])
      },
      /^there is only one class \(only\); expected examples of at least two classes/,
    ],
    ['no image', () => classifier.add('cat', []), /^class cat: expected a list of at least one image/],
    ['no list', () => classifier.add('cat', 'cat.jpg' as never), /^class cat: expected a list/],
    [
      'half a letter',
      () => classifier.add('a\ud800', patterns(0, 1)),
      /^a class is called "a\\ud800", which holds half/,
    ],
    ['no label', () => classifier.add('', patterns(0, 1)), /^a class is called ""; expected a text/],
    ['nothing to save', () => classifier.save('x'), /^x: there are no classes to save/],
    [
      'an unknown class',
      async () => {
        await classifier.add('tiger', patterns(0, 1))
        return classifier.remove('tigre')
      },
      /^there is no class tigre; did you mean tiger\?/,
    ],
    [
      'too few pixels',
      () => classifier.add('tiny', [{ width: 2, height: 2, data: new Uint8Array(12) }]),
      /^image 1: a picture of 2 pixels a side is too small for a grid of 3 cells/,
    ],
    [
      'pixels that are not there',
      () => classifier.add('cut', [{ width: 4, height: 4, data: new Uint8Array(47) }]),
      /^image 1: has data of length 47 for 4 x 4 pixels; give three levels a pixel/,
    ],
    [
      'pixels of another type',
      () => classifier.add('float', [{ width: 4, height: 4, data: new Float32Array(48) as never }]),
      /^image 1: has pixels of type Float32Array; give a Uint8Array of levels from 0 to 255/,
    ],
    [
      'sides below zero',
      () => classifier.add('negative', [{ width: -4, height: -4, data: new Uint8Array(48) }]),
      /^image 1: has -4 x -4 pixels; give whole numbers of at least 1/,
    ],
    [
      'sides that are no numbers',
      () => classifier.add('nan', [{ width: NaN, height: 4, data: new Uint8Array(48) }]),
      /^image 1: has NaN x 4 pixels/,
    ],
    [
      'nothing',
      () => classifier.add('nothing', [undefined as never]),
      /^image 1: is no picture but Undefined; give the bytes of a file/,
    ],
    ['null', () => classifier.add('nothing', [null as never]), /^image 1: is no picture but Null; give/],
    [
      'a path in place of a list',
      async () => {
        await addThree()
        return classifier.classify('a.jpg' as never)
      },
      /^expected a list of images to classify; put a single one into brackets/,
    ],
    [
      'a tensor of truths',
      async () => {
        const tensor = tf.tensor3d([[[1, 0, 1]]], [1, 1, 3], 'bool')
        await classifier.add('bool', [tensor]).finally(() => tensor.dispose())
      },
      /^image 1: is a tensor of type bool; expected int32 or float32/,
    ],
    [
      'a tensor that is disposed',
      () => {
        const tensor = tf.zeros([8, 8, 3]) as tf.Tensor3D
        tensor.dispose()
        return classifier.add('gone', [tensor])
      },
      /^image 1: is a tensor that is disposed/,
    ],
    [
      'nothing that can be read',
      () => classifier.addReadable('cat', ['none.jpg', 'nor this.jpg']),
      /^class cat: none of its 2 examples can be read: none\.jpg: does not exist/,
    ],
  ])('%s', async (_, mistake, message) => {
    const failure = (async () => mistake())()
    await expect(failure).rejects.toThrow(InputError)
    await expect(failure).rejects.toThrow(message)
  })

  it.each([
    [[2, 2], 100, /^image 1: is a tensor \[2,2\]; expected \[height, width, 3\]/],
    [[8, 8, 3], 256, /^image 1: holds the level 256 in row 0, column 0; expected levels from 0 to 255/],
    [[8, 8, 3], 0.5, /^image 1: holds levels from 0 to 1; .* multiply by 255/],
    [[8, 8, 3], 1, /^image 1: holds levels from 0 to 1; .* multiply by 255/],
    [[8, 8, 3], -0.5, /^image 1: holds the level -0.5 in row 0, column 0/],
    [[8, 8, 3], NaN, /^image 1: holds the level NaN in row 0, column 0/],
    [[8, 8, 4], 100, /^image 1: is a tensor \[8,8,4\]/],
    [[0, 8, 3], 100, /^image 1: is a tensor \[0,8,3\]/],
  ])('a tensor %j of %s', async (shape, level, message) => {
    const tensor = tf.fill(shape as [number, number, number], level) as tf.Tensor3D
    await expect(classifier.add('tensor', [tensor])).rejects.toThrow(message)
    tensor.dispose()
  })

  it.each([
    [
      'emoji-conv64',
      /^emoji-conv64: no weights of this name are shipped or can be fetched; did you mean emoji-conv64f\?/,
    ],
    ['nowhere.safetensors', /^nowhere\.safetensors: there are no such weights/],
  ])('weights %s', async (name, message) => {
    await expect(FewShotClassifier.load(name)).rejects.toThrow(message)
  })

  it('weights that do not say how their model is made, unless a recipe does', async () => {
    const { tensors, metadata } = await loadSafetensors(weightsFile(weights))
    const file = join(await temporaryFolder(), 'plain.safetensors')
    const { recipe, ...others } = metadata
    await saveSafetensors(file, tensors, others)
    await expect(FewShotClassifier.load(file)).rejects.toThrow('does not say how its model is made')
    const loaded = await FewShotClassifier.load(file, { recipe: parseRecipe(recipe!, 'r.yaml') })
    loaded.dispose()
    await saveSafetensors(file, tensors, { ...others, recipe: '{"model":{"imports":["./level.js"]}}' })
    await expect(FewShotClassifier.load(file)).rejects.toThrow(
      'its recipe imports ./level.js, which weights may not',
    )
    await saveSafetensors(file, tensors, { ...others, recipe: 'a: &a [*a]' })
    await expect(FewShotClassifier.load(file)).rejects.toThrow('the recipe in it cannot be read')
  })

  it('use after disposal', async () => {
    classifier.dispose()
    await expect(classifier.add('cat', patterns(0, 1))).rejects.toThrow('the classifier is disposed')
  })
})

function expectClose(values: ArrayLike<number>, expected: ArrayLike<number>): void {
  for (const [index, value] of Array.from(expected).entries()) {
    expect(Math.abs(values[index]! - value)).toBeLessThan(1e-3 * Math.max(1, Math.abs(value)))
  }
}

it('takes a label for the same in each Unicode form', async () => {
  const own = await FewShotClassifier.load('emoji-conv64f')
  try {
    await own.add('cafe\u0301', patterns(0, 1))
    await own.add('caf\u00e9', patterns(0, 2))
    expect(own.classes.map(({ label }) => label)).toEqual(['caf\u00e9'])
    own.remove('cafe\u0301')
    expect(own.classes).toEqual([])
  } finally {
    own.dispose()
  }
})

describe('embeddings', () => {
  it('are plain numbers, the same in batches, and no tensor stays', async () => {
    const pictures = [...patterns(0, 3), ...patterns(4, 2)]
    const held = tf.memory().numTensors
    const embedded = await classifier.embed(pictures)
    expect(tf.memory().numTensors).toBe(held)
    expect(Object.keys(embedded)).toEqual(['map', 'parts'])
    for (const { shape, data } of Object.values(embedded)) {
      expect(shape[0]).toBe(5)
      expect(data).toBeInstanceOf(Float32Array)
      expect(data).toHaveLength(shape.reduce((product, side) => product * side, 1))
      expect(data.every((value) => Number.isFinite(value))).toBe(true)
    }
    const batches = []
    for await (const batch of classifier.embedBatches(pictures)) batches.push(batch)
    expect(batches.flatMap(({ positions }) => positions)).toEqual([0, 1, 2, 3, 4])
    expect(batches[0]!.images).toEqual(embedded)
  })

  it('leave out pictures that cannot be read, where that is asked for', async () => {
    const pictures = [pattern(0, 0), Buffer.from('none'), pattern(0, 1)]
    await expect(classifier.embed(pictures)).rejects.toThrow('image 2: is not a picture')
    const { positions, images, failures } = await classifier.embedReadable(pictures)
    expect(positions).toEqual([0, 2])
    expect(images.map!.shape[0]).toBe(2)
    expect([...failures.keys()]).toEqual([1])
    await expect(classifier.embedReadable([Buffer.from('none')])).rejects.toThrow(
      /^none of the images can be read: image 1: is not a picture/,
    )
    await expect(classifier.embed([])).rejects.toThrow('expected a list of at least one image to embed')
  })
})

describe('a head and features that a person names', () => {
  it('compare, and are known to saved classes', async () => {
    const options = { head: 'gda', features: 'Centre-layer2,layer4' }
    const own = await FewShotClassifier.load(weights, options)
    await own.add('red', patterns(0, 3))
    await own.add('green', patterns(1, 3))
    const file = join(await temporaryFolder(), 'two.safetensors')
    await own.save(file)
    const [found] = await own.classify([pattern(1, 9)])
    expect(Object.keys(found!.levels)).toEqual(['gda'])
    expect((await own.embed([pattern(1, 9)])).map!.shape).toEqual([1, 1, 1, 128])
    own.dispose()
    const opened = await FewShotClassifier.open(file)
    expect(await opened.classify([pattern(1, 9)])).toEqual([found])
    expect((await opened.choose()).reason).toBe(
      `chosen: ${weights} (a network for drawings), which compares pictures with the examples (technically: gda)`,
    )
    opened.dispose()
  })

  it.each([
    [{ head: 'nonsense' }, 'head nonsense: there is no level of this name'],
    [{ head: 'relation' }, 'has weights that it learns with its backbone'],
    [{ features: 'Centre-foo' }, 'has no stage "foo"; choose one of layer1'],
    [{ features: 'Middle' }, 'features Middle: there are none of this name'],
  ])('are refused where they cannot be: %j', async (options, message) => {
    await expect(FewShotClassifier.load(weights, options)).rejects.toThrow(message)
  })
})
