import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { InputError, loadEngine, tf } from '@m2l/engine'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { pattern, patterns, temporaryFolder, writeClasses } from '../classifier/patterns.test.helper.js'
import { networks, onnxCard, writeNetwork } from './onnx-files.test.helper.js'
import {
  evaluateRecipe,
  explainEpisode,
  explainPictures,
  FewShotClassifier,
  parseRecipe,
  pretrainRecipe,
  trainRecipe,
  type ClassifierOptions,
  type Recipe,
} from '../index.js'

let folder: string
let files: Record<keyof typeof networks, string>
let before: number

beforeAll(async () => {
  await loadEngine()
  folder = await temporaryFolder()
  const [pooled, map, fragile] = await Promise.all(
    (['pooled', 'map', 'fragile'] as const).map((name) => writeNetwork(folder, name)),
  )
  files = { pooled: pooled!, map: map!, fragile: fragile! }
})

beforeEach(() => {
  before = tf.memory().numTensors
})

afterEach(() => {
  if (tf.memory().numTensors !== before)
    throw new Error(`${tf.memory().numTensors - before} tensors are left`)
})

const recipe = (text: string) => parseRecipe(text, join(folder, 'recipe.yaml'))

async function withClassifier<Result>(
  file: string,
  options: ClassifierOptions,
  use: (classifier: FewShotClassifier) => Promise<Result>,
): Promise<Result> {
  const classifier = await FewShotClassifier.load(file, options)
  try {
    return await use(classifier)
  } finally {
    classifier.dispose()
  }
}

describe('a classifier over an ONNX network', () => {
  it('fits heads to its features', async () => {
    await withClassifier(files.pooled, {}, async (classifier) => {
      const image = pattern(1, 0, 32)
      const { map } = await classifier.embed([image])
      expect(map!.shape).toEqual([1, 1, 1, 3])
      const means = [0, 1, 2].map((channel) =>
        image.data.reduce((sum, level, index) => sum + (index % 3 === channel ? level : 0), 0),
      )
      map!.data.forEach((value, channel) =>
        expect(value).toBeCloseTo(means[channel]! / Math.hypot(...means), 5),
      )
      for (const kind of [1, 2, 3]) await classifier.add(`kind ${kind}`, patterns(kind, 3))
      const results = await classifier.classify([1, 2, 3].map((kind) => pattern(kind, 9)))
      expect(results.map(({ label }) => label)).toEqual(['kind 1', 'kind 2', 'kind 3'])
      for (const name of Object.keys(results[0]!.levels)) expect(name).toMatch(/^features (ridge|gda)$/)
    })
  })

  it('takes the mean of maps for a feature, which is the same for one that it pools itself', async () => {
    const image = pattern(1, 0, 32)
    const embed = (classifier: FewShotClassifier) => classifier.embed([image])
    const pooled = await withClassifier(files.pooled, {}, embed)
    const { map } = await withClassifier(files.map, {}, embed)
    expect(map!.shape).toEqual([1, 1, 1, 3])
    map!.data.forEach((value, channel) => expect(value).toBeCloseTo(pooled.map!.data[channel]!, 5))
  })

  it('compares maps by parts and positions where a recipe says so', async () => {
    const levels = recipe(
      'model: { parts: map, levels: { part: { graph: none }, pixel: {}, global: { similarity: cosine } } }',
    )
    await withClassifier(files.map, { recipe: levels }, async (classifier) => {
      const { map, parts } = await classifier.embed([pattern(1, 0, 32)])
      expect(map!.shape).toEqual([1, 4, 4, 3])
      expect(parts!.shape).toEqual([1, 13, 3])
      for (const kind of [1, 2, 3]) await classifier.add(`kind ${kind}`, patterns(kind, 3))
      const [result] = await classifier.classify([pattern(2, 9)])
      expect(result!.label).toBe('kind 2')
      expect(Object.keys(result!.levels)).toEqual(['part', 'pixel', 'global'])
      expect((await classifier.leaveOneOut()).known).toHaveLength(9)
    })
  })

  it('takes heads that are solved from the examples', async () => {
    const solved = recipe('model: { levels: { logistic: { C: 10 }, ridge: { normalise: l2n } } }')
    await withClassifier(files.pooled, { recipe: solved }, async (classifier) => {
      for (const kind of [1, 2, 3]) await classifier.add(`kind ${kind}`, patterns(kind, 3))
      const [result] = await classifier.classify([pattern(2, 9)])
      expect(result!.label).toBe('kind 2')
      expect(Object.keys(result!.levels)).toEqual(['logistic', 'ridge'])
    })
  })

  it('takes the levels of a recipe, and crops as parts of pooled features', async () => {
    const crops = recipe('model: { levels: { part: { graph: none }, global: {} } }')
    await withClassifier(files.pooled, { recipe: crops }, async (classifier) => {
      const { parts } = await classifier.embed(patterns(1, 2, 0))
      expect(parts!.shape).toEqual([2, 13, 3])
      const whole = await classifier.embed([pattern(1, 0)])
      expect(parts!.data.subarray(0, 39)).toEqual(whole.parts!.data)
    })
  })

  it('takes pictures in batches without growing, and names those of which the network makes no number', async () => {
    const black = { width: 32, height: 32, data: new Uint8Array(32 * 32 * 3) }
    await withClassifier(files.fragile, {}, async (classifier) => {
      for (const kind of [1, 2]) await classifier.add(`kind ${kind}`, patterns(kind, 2))
      const results = await classifier.classifyReadable([...patterns(1, 70), black])
      expect(results.slice(0, 70).every((result) => !(result instanceof InputError))).toBe(true)
      expect(String(results[70])).toMatch(/image 71: the network makes numbers of it that are not finite/)
    })
  })

  it('saves classes that belong to this network and its card', async () => {
    const saved = join(folder, 'kinds.safetensors')
    await withClassifier(files.pooled, {}, async (classifier) => {
      for (const kind of [1, 2]) await classifier.add(`kind ${kind}`, patterns(kind, 2))
      await classifier.save(saved)
    })
    const opened = await FewShotClassifier.open(saved)
    expect((await opened.classify([pattern(2, 9)])).map(({ label }) => label)).toEqual(['kind 2'])
    opened.dispose()
    const other = { picture: { size: 32, mean: [1, 0, 0], deviation: [255, 255, 255] } } as const
    await expect(FewShotClassifier.open(saved, { card: other })).rejects.toThrow(InputError)
  })

  it('saves classes that find a card elsewhere', async () => {
    const [away, saved] = [join(folder, 'away.onnx'), join(folder, 'away.safetensors')]
    await writeFile(away, await readFile(files.pooled))
    await withClassifier(away, { card: join(folder, 'pooled.yaml') }, async (classifier) => {
      await classifier.add('kind 1', patterns(1, 2))
      await classifier.save(saved)
    })
    const opened = await FewShotClassifier.open(saved)
    expect(opened.classes).toEqual([{ label: 'kind 1', images: 2 }])
    opened.dispose()
  })
})

describe('what does not fit an ONNX network', () => {
  it.each<[string, keyof typeof networks, string, RegExp]>([
    [
      'another encoder',
      'pooled',
      'model: { encoder: R12 }',
      /recipe\.yaml: model\.encoder is R12, but the weights .*pooled\.onnx are an ONNX network/,
    ],
    [
      'another size',
      'pooled',
      'data: { image_size: 96 }',
      /recipe\.yaml: data\.image_size is 96, but the card of .* says 32; leave out data\.image_size/,
    ],
    [
      'parts of one position',
      'pooled',
      'model: { parts: map, levels: { part: { graph: none } } }',
      /level part needs a map, but the network gives one pooled feature of a picture \(its crops may be parts: model\.parts=image\)/,
    ],
    [
      'positions of one position',
      'pooled',
      'model: { query: DN4 }',
      /level pixel needs a map, but the network gives one pooled feature of a picture; compare/,
    ],
    [
      'levels that have learned',
      'map',
      'model: { query: RelationNet }',
      /level relation needs weights that it has learned, which an ONNX network lacks/,
    ],
  ])('is refused in a recipe: %s', async (_, network, text, message) => {
    const loading = FewShotClassifier.load(files[network], { recipe: recipe(text) })
    await expect(loading).rejects.toThrow(message)
    await expect(loading).rejects.toThrow(InputError)
  })

  it('is refused as a card of weights of ours, or a card that is missing', async () => {
    const card = join(folder, 'pooled.yaml')
    await expect(FewShotClassifier.load('emoji-conv64f', { card })).rejects.toThrow(
      'emoji-conv64f: has a card, but is no ONNX network (.onnx); leave out the card',
    )
    const alone = join(folder, 'alone.onnx')
    await writeFile(alone, await readFile(files.pooled))
    await expect(FewShotClassifier.load(alone)).rejects.toThrow(
      /alone\.yaml: expected the card of an ONNX network, .*, but there is no such file/,
    )
    await withClassifier(alone, { card }, async (classifier) => expect(classifier.readsAt).toBe(64))
    await expect(FewShotClassifier.load(join(folder, 'none.onnx'))).rejects.toThrow(
      /there are no such weights/,
    )
  })

  it('is refused to be trained, and to be explained where it pools', async () => {
    const trained = recipe('model: { weights: pooled.onnx }')
    const message = /recipe\.yaml: model\.weights is pooled\.onnx, an ONNX network, which is evaluated/
    await expect(trainRecipe(trained)).rejects.toThrow(message)
    await expect(pretrainRecipe(trained)).rejects.toThrow(message)
    const pictures = join(folder, 'explained')
    await writeClasses(pictures, { a: patterns(1, 1), b: patterns(2, 1) })
    const explaining = {
      support: pictures,
      query: [pictures],
      weights: files.pooled,
      folder: join(folder, 'why'),
    }
    await expect(explainPictures(explaining)).rejects.toThrow(
      `${files.pooled}: gives one feature of a picture, which does not say where in it an answer comes from`,
    )
  })
})

describe('a recipe with an ONNX network', () => {
  const trainedLevels =
    'parts: map, levels: { part: {}, pixel: { weight: 0.5 }, global: { similarity: cosine, temperature: 0.03 } }'
  const written = async (model = trainedLevels): Promise<Recipe> => {
    const root = await temporaryFolder()
    const kinds = Array.from({ length: 6 }, (_, kind) => [`kind ${kind}`, patterns(kind, 8)] as const)
    await writeClasses(join(root, 'pictures/test'), Object.fromEntries(kinds))
    await mkdir(join(root, 'runs'), { recursive: true })
    await writeNetwork(root, 'map')
    return parseRecipe(
      `n_way: 5
k_shot: 1
model: { weights: map.onnx, ${model} }
test: { episode: 20, query_per_class_per_episode: 3 }
data: { root: ${JSON.stringify(root)}, image_dir: pictures, dataset: kinds, pack: 'off' }
run: { folder: ${JSON.stringify(join(root, 'runs'))} }
`,
      join(root, 'recipe.yaml'),
    )
  }

  it('is evaluated like any other', async () => {
    const asked = await written()
    const page = join(asked.folder, 'page.html')
    const card = join(asked.folder, 'card.json')
    const report = await evaluateRecipe(asked, { page, card })
    expect(report.checkpoint).toMatch(/map\.onnx$/)
    expect(Object.keys(report.accuracy)).toEqual(['fused', 'part', 'pixel', 'global'])
    expect(report.accuracy.fused).toBeGreaterThan(0.9)
    expect(report.bank.images).toBe(48)
    expect(report.notes.join()).toMatch(/map\.onnx: has no weights of level part, which is as it begins/)
    expect(report.notes.join()).toMatch(/map\.onnx: does not say which classes it was trained on/)
    expect(await readFile(page, 'utf8')).toMatch(/map\.onnx/)
    expect(JSON.parse(await readFile(card, 'utf8'))).toMatchObject({
      weights: { sha256: report.weightsHash, parameters: 0 },
    })
    const named = await evaluateRecipe(
      { ...asked, model: { ...asked.model, weights: undefined } },
      { checkpoint: join(asked.file, '../map.onnx') },
    )
    expect(named.accuracy).toEqual(report.accuracy)
    expect(named.weightsHash).toBe(report.weightsHash)
  })

  it('is explained where features are pooled from its maps, and not where levels compare positions', async () => {
    const explained = async (asked: Recipe) => {
      await evaluateRecipe(asked, { page: join(asked.folder, 'page.html') })
      const weights = join(asked.file, '../map.onnx')
      return explainEpisode(asked, { episode: 0, queries: [0], folder: join(asked.folder, 'why'), weights })
    }
    await expect(written().then(explained)).rejects.toThrow(
      'map.onnx: is an ONNX network, of which features are explained that are pooled (Mean, Centre)',
    )
    const pooled = 'forward_encoding: Mean, levels: { centred: { temperature: 0.1 } }'
    const { explanations } = await explained(await written(pooled))
    const [{ classes, explains }] = explanations[0]!.levels as [(typeof explanations)[0]['levels'][0]]
    expect(explains).toBe(true)
    const { origin } = classes.find((one) => one.origin)!
    expect(origin!.query.pictures[0]!.places).toHaveLength(16)
  })

  it('makes a classifier, too', async () => {
    const classifier = await FewShotClassifier.load(undefined, { recipe: await written() })
    for (const kind of [1, 2]) await classifier.add(`kind ${kind}`, patterns(kind, 2))
    const [result] = await classifier.classify([pattern(2, 9)])
    expect(result!.label).toBe('kind 2')
    expect(Object.keys(result!.levels)).toEqual(['part', 'pixel', 'global'])
    classifier.dispose()
  })

  it('sees pictures as its card says', async () => {
    const asked = await written()
    const report = await evaluateRecipe(asked)
    await writeFile(
      join(asked.file, '../map.yaml'),
      `${onnxCard}output: { layout: nchw }\n`.replace('[0,', '[255,'),
    )
    const other = await evaluateRecipe(asked)
    expect(other.weightsHash).not.toBe(report.weightsHash)
    expect(other.evaluation).not.toBe(report.evaluation)
  })
})
