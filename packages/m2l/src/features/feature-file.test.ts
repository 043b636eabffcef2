import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { loadEngine, tf } from '@m2l/engine'
import { encodeSafetensors, type StoredTensor } from '@m2l/nn'
import { loadSafetensors, saveSafetensors } from '@m2l/nn/files'
import { beforeAll, describe, expect, it } from 'vitest'
import { pattern, temporaryFolder } from '../classifier/patterns.test.helper.js'
import { featuresAt, FewShotClassifier, parseRecipe, readFeatures } from '../index.js'

const made = join(import.meta.dirname, 'testdata/features.safetensors')
let file: string

beforeAll(async () => {
  await loadEngine()
  file = join(await temporaryFolder(), 'other.safetensors')
})

const text = (values: unknown): StoredTensor => {
  const data = new TextEncoder().encode(JSON.stringify(values))
  return { shape: [data.length], data }
}
const floats = (shape: readonly number[], value = 1): StoredTensor => ({
  shape,
  data: new Float32Array(shape.reduce((product, side) => product * side, 1)).fill(value),
})

describe('a file of features', () => {
  it('of the ten lines of Python in the README is read', async () => {
    const readme = await readFile(join(import.meta.dirname, '../../README.md'), 'utf8')
    const program = await readFile(join(import.meta.dirname, 'testdata/write-features.py'), 'utf8')
    expect(readme).toContain(`\`\`\`python\n${program}\`\`\``)
    const set = await readFeatures(made)
    expect(set.names).toEqual(['cat 1.jpg', 'cat 2.jpg', 'dog 1.jpg', 'dog 2.jpg'])
    expect(set.labels).toEqual(['cat', 'cat', 'dog', 'dog'])
    expect(set.map.shape).toEqual([4, 1, 1, 8])
    expect([...set.map.data.subarray(8, 16)]).toEqual([1, 1, 1, 0, 1, 0, 1, 0])
    expect(set.weights).toBeUndefined()
  })

  it('may hold half precision, maps, and no labels', async () => {
    // IEEE 754 binary16 of 1, -2, .5, 65504, 2^-24 and 0
    const halves = Uint8Array.of(0, 0x3c, 0, 0xc0, 0, 0x38, 0xff, 0x7b, 1, 0, 0, 0)
    const tensors = { features: { shape: [12], data: halves }, names: text(['a']) }
    const bytes = Buffer.from(encodeSafetensors({ tensors, metadata: {} }))
    const header = JSON.parse(bytes.toString('utf8', 8, 8 + Number(bytes.readBigUInt64LE()))) as {
      features: object
      names: object
    }
    const own = { features: { ...header.features, dtype: 'F16', shape: [1, 1, 2, 3] }, names: header.names }
    const described = Buffer.from(JSON.stringify(own))
    const length = Buffer.alloc(8)
    length.writeBigUInt64LE(BigInt(described.length))
    const data = bytes.subarray(8 + Number(bytes.readBigUInt64LE()))
    const { writeFile } = await import('node:fs/promises')
    await writeFile(file, Buffer.concat([length, described, data]))
    const set = await readFeatures(file)
    expect(set.map).toMatchObject({
      shape: [1, 1, 2, 3],
      data: Float32Array.of(1, -2, 0.5, 65504, 2 ** -24, 0),
    })
    expect(set.labels).toEqual([null])
  })

  const names = text(['a', 'b'])
  it.each<[string, Record<string, StoredTensor>, RegExp]>([
    [
      'without features',
      { map: floats([2, 3]), names },
      /has no tensor features, but map, names; expected a file/,
    ],
    ['without names', { features: floats([2, 3]) }, /has no names of its pictures/],
    [
      'of whole numbers',
      { features: { shape: [2, 3], data: new Int32Array(6) }, names },
      /its features are of type int32; expected float32 or float16/,
    ],
    [
      'of three dimensions',
      { features: floats([2, 1, 3]), names },
      /features are \[2, 1, 3\]; expected \[pictures/,
    ],
    ['of no channels', { features: floats([2, 0]), names }, /features are \[2, 0\]/],
    ['of no pictures', { features: floats([0, 3]), names }, /features are \[0, 3\]/],
    ['with too few names', { features: floats([3, 3]), names }, /has 2 names for features of 3 pictures/],
    [
      'with too many labels',
      { features: floats([2, 3]), names, labels: text(['a', 'a', 'b']) },
      /has 3 labels for features of 2 pictures/,
    ],
    [
      'with names that are no list',
      { features: floats([2, 3]), names: text({ a: 1 }) },
      /names are no JSON list/,
    ],
    [
      'with names that are floats',
      { features: floats([2, 3]), names: floats([2]) },
      /names are no JSON list/,
    ],
    [
      'with a label of no letters',
      { features: floats([2, 3]), names, labels: text(['', 'b']) },
      /labels are no JSON/,
    ],
    [
      'with two labels of a name',
      { features: floats([2, 3]), names: text(['a', 'a']), labels: text(['x', 'y']) },
      /a has two labels, x and y; leave one/,
    ],
    ['of no numbers', { features: floats([2, 3], NaN), names }, /the features of a are not finite numbers/],
    [
      'too large',
      { features: floats([2, 3], 1e30), names },
      /features of a reach 1\.0e\+30, .* 1e\+15 at the most/,
    ],
  ])('%s is refused', async (_, tensors, message) => {
    await saveSafetensors(file, tensors)
    await expect(readFeatures(file)).rejects.toThrow(message)
  })
})

describe('ranges of channels', () => {
  const write = (ranges: string) =>
    saveSafetensors(file, { features: floats([2, 6]), names: text(['a', 'b']) }, { ranges })

  it('are read from the metadata', async () => {
    const ranges = [
      { name: 'early', channels: [0, 2] },
      { name: 'late', channels: [2, 6] },
    ]
    await write(JSON.stringify(ranges))
    expect((await readFeatures(file)).ranges).toEqual(ranges)
  })

  it.each([
    ['no JSON', '['],
    ['none', '[]'],
    ['a gap', '[{"name":"a","channels":[0,2]},{"name":"b","channels":[3,6]}]'],
    ['too few channels', '[{"name":"a","channels":[0,5]}]'],
    ['too many channels', '[{"name":"a","channels":[0,7]}]'],
    ['a name twice', '[{"name":"a","channels":[0,2]},{"name":"a","channels":[2,6]}]'],
    ['an end before its start', '[{"name":"a","channels":[0,8]},{"name":"b","channels":[8,6]}]'],
  ])('with %s are refused', async (_, ranges) => {
    await write(ranges)
    await expect(readFeatures(file)).rejects.toThrow('its ranges do not divide its 6 channels')
  })
})

describe('a classifier of features', () => {
  it('fits a head to each range by the examples', async () => {
    const set = await readFeatures(made)
    const ranges = [
      { name: 'early', channels: [0, 4] },
      { name: 'late', channels: [4, 8] },
    ] as const
    const classifier = await FewShotClassifier.ofFeatures({ ...set, ranges })
    expect(classifier.ranges).toEqual(ranges)
    expect((await classifier.choose()).reason).toContain(`chosen: the features of ${made}, which compares `)
    const [found] = await classifier.classify([featuresAt(set, 3)])
    expect(found!.label).toBe('dog')
    expect(Object.keys(found!.levels).every((name) => /^(early|late) nearest mean$/.test(name))).toBe(true)
    classifier.dispose()
  })

  it('classifies by labels, and leaves no tensor behind', async () => {
    const before = tf.memory().numTensors
    const set = await readFeatures(made)
    const classifier = await FewShotClassifier.ofFeatures(set)
    expect(classifier.classes).toEqual([
      { label: 'cat', images: 2 },
      { label: 'dog', images: 2 },
    ])
    const found = await classifier.classify([featuresAt(set, 3), featuresAt(set, 0)])
    expect(found.map(({ label }) => label)).toEqual(['dog', 'cat'])
    expect((await classifier.leaveOneOut()).known.every(({ label, truth }) => label === truth)).toBe(true)
    await classifier.addFeatures({ ...set, labels: set.labels.map(() => 'both') })
    expect(classifier.classes.at(-1)).toEqual({ label: 'both', images: 4 })
    expect((await classifier.embed([featuresAt(set, 1)])).map!.data).toEqual(set.map.data.slice(8, 16))
    classifier.dispose()
    expect(tf.memory().numTensors).toBe(before)
  })

  it('compares as by hand: cosines with class means', async () => {
    const set = await readFeatures(made)
    const recipe = parseRecipe('{ model: { query: MatchingNet, fusion: consistent } }', 'r.yaml')
    const classifier = await FewShotClassifier.ofFeatures(set, { recipe })
    const [found] = await classifier.classify([featuresAt(set, 0)])
    classifier.dispose()
    const row = (index: number) => [...set.map.data.subarray(index * 8, index * 8 + 8)]
    const mean = (a: number, b: number) => row(a).map((value, index) => (value + row(b)[index]!) / 2)
    const dot = (a: number[], b: number[]) => a.reduce((sum, value, index) => sum + value * b[index]!, 0)
    const cosine = (a: number[], b: number[]) => dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b))
    const expected = [cosine(row(0), mean(0, 1)), cosine(row(0), mean(2, 3))]
    expected.forEach((value, way) => expect(found!.levels.global!.scores[way]).toBeCloseTo(value, 5))
  })

  it.each(['nearest-mean', 'logistic', 'ridge', 'gda', 'cache', 'matching'])(
    'compares by %s',
    async (level) => {
      const set = await readFeatures(made)
      const recipe = parseRecipe(`{ model: { levels: { ${level}: {} } } }`, 'r.yaml')
      const held = tf.memory().numTensors
      const classifier = await FewShotClassifier.ofFeatures(set, { recipe })
      const found = await classifier.classify(set.names.map((_, position) => featuresAt(set, position)))
      expect(found.map(({ label }) => label)).toEqual(set.labels)
      classifier.dispose()
      expect(tf.memory().numTensors).toBe(held)
    },
  )

  it('refuses pictures, features of another width or network, and pictures without a label', async () => {
    const set = await readFeatures(made)
    const known = { ...set, model: 'one' }
    const classifier = await FewShotClassifier.ofFeatures(known)
    const narrow = { ...set, map: { shape: [4, 1, 1, 2], data: set.map.data.slice(0, 8) } }
    await expect(classifier.classify([pattern(0, 0)])).rejects.toThrow(
      'is a picture, but the classifier knows',
    )
    await expect(classifier.addFeatures(narrow)).rejects.toThrow(
      'cat 1.jpg: has features of 2 numbers, those of the examples are of 8 numbers',
    )
    await expect(classifier.classify([featuresAt({ ...set, model: 'two' }, 0)])).rejects.toThrow(
      'has features that other weights made',
    )
    const unlabelled = { ...set, labels: ['new', 'new', 'dog', null] }
    await expect(classifier.addFeatures(unlabelled)).rejects.toThrow('dog 2.jpg has no label')
    expect(classifier.classes).toHaveLength(2)
    classifier.dispose()
    const ofPictures = await FewShotClassifier.load('omniglot-conv64f')
    await expect(ofPictures.add('cat', [featuresAt(set, 0)])).rejects.toThrow(
      'cat 1.jpg: is given as features, but pictures are needed',
    )
    ofPictures.dispose()
  })

  it('refuses levels that need more than features, and takes the pixel level on maps', async () => {
    const set = await readFeatures(made)
    const by = (levels: string) =>
      parseRecipe(`{ model: { levels: ${levels}, fusion: consistent } }`, 'r.yaml')
    const held = tf.memory().numTensors
    for (const [levels, message] of [
      ['{ part: {} }', 'level part needs parts of pictures'],
      [
        '{ pixel: {} }',
        'level pixel needs maps of pictures, but the features are 8 numbers, of one position',
      ],
      ['{ relation: {} }', 'level relation needs weights that it has learned'],
      [
        '{ global: {}, nearest-mean: { normalise: cl2n } }',
        'subtracts the mean feature of the training classes',
      ],
    ] as const) {
      await expect(FewShotClassifier.ofFeatures(set, { recipe: by(levels) })).rejects.toThrow(message)
    }
    expect(tf.memory().numTensors).toBe(held)
    const maps = { ...set, map: { shape: [4, 2, 2, 2], data: set.map.data } }
    const classifier = await FewShotClassifier.ofFeatures(maps, {
      recipe: by('{ pixel: { neighbours: 1 } }'),
    })
    const [found] = await classifier.classify([featuresAt(maps, 3)])
    expect(found!.label).toBe('dog')
    classifier.dispose()
  })

  it('is saved for other classifiers of the same features alone', async () => {
    const set = await readFeatures(made)
    const classifier = await FewShotClassifier.ofFeatures(set)
    await classifier.save(file)
    await classifier.load(file)
    expect(classifier.classes).toHaveLength(2)
    const narrow = { ...set, map: { shape: [4, 1, 1, 2], data: set.map.data.slice(0, 8) } }
    const other = await FewShotClassifier.ofFeatures(narrow)
    await expect(other.load(file)).rejects.toThrow('holds classes as other weights see them')
    expect((await loadSafetensors(file)).metadata.weights).toBeUndefined()
    classifier.dispose()
    other.dispose()
  })
})
