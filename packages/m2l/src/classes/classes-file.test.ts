import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { InputError, loadEngine, tf } from '@m2l/engine'
import { loadSafetensors, saveSafetensors } from '@m2l/nn/files'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { FewShotClassifier, weightsFile, type Classification } from '../index.js'
import { pattern, patterns, png, temporaryFolder } from '../classifier/patterns.test.helper.js'

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

async function addThree() {
  await classifier.add('red', patterns(0, 3))
  await classifier.add('green', patterns(1, 2))
  await classifier.add('blue', patterns(2, 4))
}

describe('saved classes', () => {
  it('are saved and loaded, whatever they are called', async () => {
    const file = join(await temporaryFolder(), 'classes.safetensors')
    await classifier.add('Füchse 🦊', patterns(0, 3))
    await classifier.add('__proto__', patterns(1, 1))
    const image = pattern(0, 9)
    const [expected] = (await classifier.classify([image])) as [Classification]
    await classifier.save(file)
    const other = await FewShotClassifier.load(weights)
    await other.add('gone', patterns(5, 1))
    await other.load(file)
    expect(other.classes).toEqual(classifier.classes)
    expect(await other.classify([image])).toEqual([expected])
    other.dispose()
  })

  it('are encoded as bytes and decoded again', async () => {
    await addThree()
    const bytes = await classifier.encodeClasses()
    const image = pattern(1, 9)
    const expected = await classifier.classify([image])
    classifier.remove('green')
    await classifier.decodeClasses(bytes)
    expect(await classifier.classify([image])).toEqual(expected)
    await expect(classifier.decodeClasses(bytes.subarray(0, 99), 'the shared file')).rejects.toThrow(
      /^the shared file: not a valid safetensors file/,
    )
  })

  it('are refused where the file is damaged, something else, or of other weights', async () => {
    const folder = await temporaryFolder()
    const [file, damaged, others] = ['a', 'b', 'c'].map((name) => join(folder, `${name}.safetensors`)) as [
      string,
      string,
      string,
    ]
    await addThree()
    await classifier.save(file)
    const bytes = await readFile(file)
    bytes[bytes.length - 1]! ^= 1
    await writeFile(damaged, bytes)
    const { tensors, metadata } = await loadSafetensors(file)
    await saveSafetensors(others, tensors, { ...metadata, model: 'another' })
    await expect(classifier.load(damaged)).rejects.toThrow('its tensors do not match their checksum')
    await expect(classifier.load(others)).rejects.toThrow('holds classes as other weights see them')
    await expect(classifier.load(weightsFile(weights))).rejects.toThrow('holds no classes of a classifier')
    expect(classifier.classes).toHaveLength(3)
  })

  it.each<[string, (saved: Awaited<ReturnType<typeof loadSafetensors>>['tensors']) => object]>([
    ['labels that are no JSON', (saved) => ({ ...saved, classes: bytesOf('[{"label":"red",') })],
    ['labels of another form', (saved) => ({ ...saved, classes: bytesOf('{"red":2}') })],
    [
      'more images than embeddings',
      (saved) => ({
        ...saved,
        classes: described([
          ['red', 9],
          ['blue', 1],
        ]),
      }),
    ],
    [
      'a label that is empty',
      (saved) => ({
        ...saved,
        classes: described([
          ['', 3],
          ['green', 6],
        ]),
      }),
    ],
    [
      'a class twice',
      (saved) => ({
        ...saved,
        classes: described([
          ['red', 3],
          ['red', 6],
        ]),
      }),
    ],
    [
      'a class without examples',
      (saved) => ({
        ...saved,
        classes: described([
          ['red', 9],
          ['blue', 0],
        ]),
      }),
    ],
    [
      'examples of another form',
      (saved) => ({ ...saved, classes: bytesOf('[{"label":"red","examples":[1]}]') }),
    ],
    ['another kind of embedding', ({ classes, map, parts }) => ({ classes, map: parts, parts: map })],
    ['a kind of embedding less', ({ classes, map }) => ({ classes, map })],
    [
      'embeddings of no number',
      ({ classes, parts }) => ({
        classes,
        parts,
        map: { shape: [2 ** 40, 0, 5, 64], data: new Float32Array() },
      }),
    ],
    [
      'embeddings of whole numbers',
      ({ classes, parts, map }) => ({
        classes,
        parts,
        map: { shape: map!.shape, data: new Int32Array(map!.data.length) },
      }),
    ],
  ])('are refused where they do not fit together: %s', async (_, change) => {
    const file = join(await temporaryFolder(), 'a.safetensors')
    await addThree()
    await classifier.save(file)
    const { tensors, metadata } = await loadSafetensors(file)
    await saveSafetensors(file, change(tensors) as typeof tensors, metadata)
    await expect(classifier.load(file)).rejects.toThrow(InputError)
    await expect(classifier.load(file)).rejects.toThrow(
      'its classes and their embeddings do not fit together',
    )
    expect(classifier.classes).toHaveLength(3)
  })

  it('are refused where numbers are not finite', async () => {
    const folder = await temporaryFolder()
    const file = join(folder, 'classes.safetensors')
    await addThree()
    await classifier.save(file)
    const saved = await loadSafetensors(file)
    const map = { ...saved.tensors.map!, data: Float32Array.from(saved.tensors.map!.data as Float32Array) }
    map.data[Math.floor((map.data.length / 9) * 4)] = Infinity
    await saveSafetensors(file, { ...saved.tensors, map }, saved.metadata)
    await expect(classifier.load(file)).rejects.toThrow(
      /classes\.safetensors: the map of its pictures are not finite: 1 of \d+ numbers, Infinity first; add/,
    )
  })

  it('open by themselves, with the names of their files', async () => {
    const folder = await temporaryFolder()
    const [file, picture] = [join(folder, 'a.safetensors'), join(folder, 'red 1.png')]
    await writeFile(picture, await png(pattern(0, 1)))
    await classifier.add('red', [picture, pattern(0, 2)])
    await classifier.add('green', [{ name: 'green 1', read: async () => pattern(1, 1) }])
    await classifier.save(file)
    const opened = await FewShotClassifier.open(file)
    expect(opened.examples).toEqual(classifier.examples)
    const named = [...opened.examples].map(([label, all]) => [label, all.map(({ name }) => name)])
    expect(named).toEqual([
      ['red', [picture, null]],
      ['green', ['green 1']],
    ])
    for (const { digest } of opened.examples.get('red')!) expect(digest).toMatch(/^[\w+/]{43}=$/)
    const image = [pattern(0, 9), pattern(1, 9)]
    expect(await opened.classify(image)).toEqual(await classifier.classify(image))
    opened.dispose()
    expect((await loadSafetensors(file)).metadata).toMatchObject({ weights, format: 'm2l-classes-2' })
  })

  it('open with the weights where they are now, and with no others', async () => {
    const folder = await temporaryFolder()
    const [old, now, file] = ['old', 'now', 'classes'].map((name) => join(folder, `${name}.safetensors`)) as [
      string,
      string,
      string,
    ]
    const bytes = await readFile(weightsFile(weights))
    await writeFile(now, bytes)
    const { tensors, metadata } = await loadSafetensors(now)
    const recipe = metadata.recipe!
    await saveSafetensors(old, tensors, { ...metadata, recipe })
    const own = await FewShotClassifier.load(old)
    await own.add('red', patterns(0, 2))
    await own.save(file)
    own.dispose()
    await writeFile(old, '')
    await expect(FewShotClassifier.open(file)).rejects.toThrow(/old\.safetensors/)
    const { tensors: saved, metadata: said } = await loadSafetensors(file)
    await saveSafetensors(file, saved, { ...said, weights: join(folder, 'gone.safetensors') })
    await expect(FewShotClassifier.open(file)).rejects.toThrow(
      /its classes belong to the weights .*gone\.safetensors, which are not there any more; name where they are/,
    )
    const opened = await FewShotClassifier.open(file, { weights: now })
    expect(opened.classes).toEqual([{ label: 'red', images: 2 }])
    opened.dispose()
    await expect(FewShotClassifier.open(file, { weights: 'cifar-fs-conv64f' })).rejects.toThrow(
      'holds classes as other weights see them',
    )
  })

  it('of the first format are read, but name no weights', async () => {
    const file = join(await temporaryFolder(), 'first.safetensors')
    await addThree()
    await classifier.save(file)
    const { tensors, metadata } = await loadSafetensors(file)
    const classes = bytesOf('[["red",3],["green",2],["blue",4]]')
    await saveSafetensors(file, { ...tensors, classes }, { format: 'm2l-classes-1', model: metadata.model! })
    const expected = await classifier.classify([pattern(1, 9)])
    await classifier.load(file)
    expect(await classifier.classify([pattern(1, 9)])).toEqual(expected)
    expect(classifier.examples.get('green')).toEqual([
      { name: null, digest: null },
      { name: null, digest: null },
    ])
    await expect(FewShotClassifier.open(file)).rejects.toThrow(
      'does not say what weights its classes belong to',
    )
  })
})

function described(classes: readonly (readonly [label: string, images: number])[]) {
  const all = classes.map(([label, length]) => {
    return { label, examples: Array.from({ length }, () => ({ name: null, digest: null })) }
  })
  return bytesOf(JSON.stringify(all))
}

function bytesOf(text: string) {
  const data = new TextEncoder().encode(text)
  return { shape: [data.length], data }
}
