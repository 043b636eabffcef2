import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { imagenetNormalisation } from '@m2l/pictures'
import { InputError } from '@m2l/engine'
import fc from 'fast-check'
import { dump } from 'js-yaml'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { initialWeights, parseRecipe, readRecipe } from '../index.js'
import { recipeSchema } from '@m2l/model'

const file = 'configs/x.yaml'

/** The message of the InputError that a recipe is refused with. */
function refusal(text: string, overrides: readonly string[] = []): string {
  const message = refusalIfAny(text, overrides)
  if (message === '') throw new Error('the recipe was accepted')
  return message
}

function refusalIfAny(text: string, overrides: readonly string[]): string {
  try {
    parseRecipe(text, file, overrides)
    return ''
  } catch (error) {
    if (error instanceof InputError) return error.message
    throw error
  }
}

describe('a recipe', () => {
  test('without keys is that of the published program', () => {
    const recipe = parseRecipe('', 'configs/x.yaml')
    const { name, file: path, folder, model, data, run, resolved, ...published } = recipe
    expect({ name, path, folder, run }).toEqual({
      name: 'x',
      path: resolve('configs/x.yaml'),
      folder: join('runs', 'images', 'x'),
      run: { keep: 2, checkpoint_steps: 500, on_nan: 'stop' },
    })
    expect(published).toEqual({
      seed: 1,
      n_way: 5,
      k_shot: 1,
      train: {
        query_per_class_per_episode: 10,
        episode_per_epoch: 20_000,
        epochs: 30,
        learning_rate: 0.001,
        lr_decay: 0.1,
        lr_decay_epoch: 10,
        lr_decay_milestones: [],
        adam_betas: [0.5, 0.9],
        sgd_mom: 0.9,
        sgd_weight_decay: 5e-4,
        optim: 'Adam',
        batch_size: 4,
        fix_bn: false,
        colorjitter: false,
      },
      val: { episode: 1000 },
      test: { query_per_class_per_episode: 15, episode: 10_000, total_testtimes: 1, batch_size: 4 },
      pre: {
        lr: 0.1,
        lr_decay: 0.1,
        lr_decay_milestones: [100, 200, 250, 300],
        snapshot_epoch: 200,
        snapshot_interval: 5,
        epochs: 350,
        batch_size: 128,
        colorjitter: true,
        val_episode: 200,
        pretrain_num_class: 64,
        smallest_crop: 0.08,
      },
    })
    expect(model).toMatchObject({
      nbnn_topk: 1,
      temperature: 1,
      protonet: { temperature: 64 },
      matchingnet: { temperature: 32 },
    })
    expect(data).toEqual({ dataset: 'images', image_size: 84, normalisation: 'imagenet', pack: 'auto' })
    expect(resolved).toMatchObject({
      backbone: { definition: { name: 'FourLayer_64F' }, options: {} },
      grids: [3, 2],
      input: { size: 84, frame: 'square', normalisation: imagenetNormalisation },
    })
    expect(resolved.levels.map(({ definition, weight }) => [definition.name, weight])).toEqual([
      ['part', 1],
      ['pixel', 0.5],
      ['global', 0.5],
    ])
  })

  test('takes the default where a key has no value, in the file and in overrides', () => {
    const bare = parseRecipe('', file)
    expect(parseRecipe('train:\nk_shot:\nmodel: { weights: null }\n', file)).toEqual(bare)
    expect(parseRecipe('k_shot: 7\nmodel: { weights: a }', file, ['k_shot=', 'model.weights=null'])).toEqual(
      bare,
    )
  })

  test('is semi-supervised where it has a section `semi`, in the file or by an override', () => {
    const published = {
      label_percentage: 0.4,
      with_distractors: 0,
      distractor_class: 5,
      unlabeled_per_task_train: 5,
      unlabeled_per_task_test: 20,
    }
    expect(parseRecipe('', file).semi).toBeUndefined()
    expect(parseRecipe('semi:\n', file).semi).toBeUndefined()
    expect(parseRecipe('semi: {}', file).semi).toEqual(published)
    expect(parseRecipe('', file, ['semi.label_percentage=']).semi).toEqual(published)
    expect(parseRecipe('', file, ['semi.with_distractors=true']).semi).toEqual({
      ...published,
      with_distractors: true,
    })
  })

  test('refuses to change a query that its own levels keep from meaning anything', () => {
    const own = 'model: { query: M2L, levels: { pixel: {} } }'
    expect(refusal(own, ['model.query=DN4'])).toBe(
      'model.query=DN4: changes nothing, since the recipe names its levels itself under model.levels; add model.levels=null to leave them out',
    )
    expect(parseRecipe(own, file, ['model.query=DN4', 'model.levels=null']).model).toMatchObject({
      query: 'DN4',
    })
    expect(parseRecipe(own, file, ['seed=2']).model.query).toBe('M2L')
  })

  test('names its folder, and finds weights beside it', () => {
    const recipe = parseRecipe('data: { dataset: dogs }\nmodel: { weights: pre/best.safetensors }', file)
    expect(recipe.folder).toBe(join('runs', 'dogs', 'x'))
    expect(initialWeights(recipe)).toBe(resolve('runs', 'dogs', 'pre', 'best.safetensors'))
    expect(initialWeights(parseRecipe('', file))).toBeUndefined()
    expect(parseRecipe('run: { folder: /tmp/r }', file).folder).toBe('/tmp/r')
  })
})

describe('shipped recipes', async () => {
  const folder = resolve(import.meta.dirname, '../../../../configs')
  const recipes = (await readdir(folder, { recursive: true })).filter((path) => path.endsWith('.yaml'))

  test.each(recipes.sort())('%s can be read', async (path) => {
    const recipe = await readRecipe(join(folder, path))
    expect(recipe.folder).toBe(join('runs', recipe.data.dataset, recipe.name))
    const [, ways, shots] = /_N(\d+)K(\d+)_/.exec(path) ?? []
    const named = ways === undefined ? {} : { n_way: Number(ways), k_shot: Number(shots) }
    expect(recipe).toMatchObject(named)
  })

  test('are some thirty', () => {
    expect(recipes.length).toBeGreaterThan(25)
  })
})

describe('a mistake is told with its file, key, value and remedy', () => {
  test.each([
    ['model: { encodr: R12 }', 'model.encodr is not an option; did you mean model.encoder?'],
    ['modle: { encoder: R12 }', 'modle is not an option; did you mean model?'],
    ['K_Shot: 1', 'K_Shot is not an option; did you mean k_shot?'],
    ['val: { something: 1 }', 'val.something is not an option; expected episode'],
    ['val: { episode: 1, __proto__: { a: 1 } }', 'val.__proto__ is not an option; leave it out'],
    ['train: { epochs: ten }', 'train.epochs is "ten", expected a whole number of at least 1'],
    ['train: { epochs: 0 }', 'train.epochs is 0, expected a whole number of at least 1'],
    ['train: { epochs: 1.5 }', 'train.epochs is 1.5, expected a whole number of at least 1'],
    ['train: { epochs: .inf }', 'train.epochs is Infinity, expected a whole number of at least 1'],
    ['train: { learning_rate: -1 }', 'train.learning_rate is -1, expected a number above 0'],
    ['train: { sgd_mom: .nan }', 'train.sgd_mom is NaN, expected a number from 0 to 1'],
    [
      'train: { adam_betas: [0.5, 1] }',
      'train.adam_betas.1 is 1, expected a number of at least 0 and below 1',
    ],
    [
      'train: { adam_betas: 0.5 }',
      'train.adam_betas is 0.5, expected a list [a number of at least 0 and below 1, a number of at least 0 and below 1]',
    ],
    ['train: { fix_bn: 1 }', 'train.fix_bn is 1, expected true or false'],
    [
      'train: { lr_decay_milestones: 10 }',
      'train.lr_decay_milestones is 10, expected a list such as [10, 20]',
    ],
    ['train: 10', 'train is 10, expected a section with keys such as query_per_class_per_episode'],
    ['train: { optim: adam }', 'train.optim is "adam", expected Adam or SGD; did you mean Adam?'],
    [
      'model: { encoder: resnet12 }',
      'model.encoder is "resnet12", expected FourLayer_64F, FourLayer_64F_4x, R12, R12-pre, EfficientNet-Lite0, EfficientNet-Lite1 or EfficientNet-Lite2',
    ],
    [
      'model: { forward_encoding: Grid-0 }',
      'model.forward_encoding is "Grid-0", expected FCN, PyramidFCN-N,N…, Grid-N,N…, Mean or Centre with or without stages, for example Grid-3,2 or Centre-stage7,head',
    ],
    ['model: { parts: crops }', 'model.parts is "crops", expected image or map'],
    [
      'model: { imports: a.js }',
      'model.imports is "a.js", expected a list such as [./first.js, ./second.js]',
    ],
    [
      'model: { levels: { pixel: { weight: heavy } } }',
      'model.levels.pixel.weight is "heavy", expected a number of at least 0',
    ],
    [
      'model: { levels: {} }',
      'model.levels is {}, expected at least one level of a weight above 0, for example { pixel: { weight: 1 } }',
    ],
    [
      'model: { levels: { pixel: { weight: 0 } } }',
      'model.levels is {"pixel":{"weight":0}}, expected at least one level of a weight above 0, for example { pixel: { weight: 1 } }',
    ],
    [
      'data: { normalisation: imagnet }',
      'data.normalisation is "imagnet", expected imagenet, cifar, efficientnet-lite or none or a section with keys such as mean; did you mean imagenet?',
    ],
    [
      'data: { normalisation: { mean: [1, 2, 3], deviation: [1, 1, 0] } }',
      'data.normalisation.deviation.2 is 0, expected a number above 0',
    ],
    [
      'model: { encoder: R12, encoder_options: { width: 3 } }',
      'model.encoder_options.width is not an option; expected none',
    ],
    ['semi: { label_percentage: 1 }', 'semi.label_percentage is 1, expected a number above 0 and below 1'],
    ['semi: { with_distractors: 2 }', 'semi.with_distractors is 2, expected 0, 1 or true or false'],
    ['data: { dataset: 2024 }', 'data.dataset is 2024, expected text, that is "2024" in quotes'],
    ['- a', 'expected keys and values such as `k_shot: 1`, found ["a"]'],
    ['hello', 'expected keys and values such as `k_shot: 1`, found "hello"'],
    ['k_shot: 1\nk_shot: 2', 'line 2: expected YAML, but duplicated mapping key'],
  ])('%s', (text, message) => {
    expect(refusal(text)).toBe(`${file}: ${message}`)
  })

  test.each([
    ['constructor: 1', /^configs\/x.yaml: constructor is not an option; expected seed, n_way, .* or run$/],
    [
      'model: { levels: { globl: {} } }',
      /^configs\/x.yaml: model\.levels\.globl: there is no level globl; there are part, .*, and those of model\.imports; did you mean global\?$/,
    ],
    ['train: [1, 2', /^configs\/x.yaml: line \d: expected YAML, but [^\n]+$/],
    ['k_shot: !!js/function x', /^configs\/x.yaml: line 1: expected YAML, but unknown scalar tag[^\n]+$/],
  ])('%s', (text, message) => {
    expect(refusal(text)).toMatch(message)
  })

  test.each([
    ['train.epohcs=3', 'train.epohcs=3: train.epohcs is not an option; did you mean train.epochs?'],
    ['trian.epochs=3', 'trian.epochs=3: trian is not an option; did you mean train?'],
    ['train.epochs=ten', 'train.epochs=ten: train.epochs is "ten", expected a whole number of at least 1'],
    ['train.epochs', 'train.epochs: expected key=value, for example train.epochs=3'],
    ['=3', '=3: expected key=value, for example train.epochs=3'],
    ['train..epochs=3', 'train..epochs=3: expected key=value, for example train.epochs=3'],
    [
      'train.adam_betas=[.5',
      'train.adam_betas=[.5: expected a YAML value after the equals sign, for example [10, 20]',
    ],
    ['k_shot.x=1', 'k_shot.x=1: k_shot holds a value and no further keys; expected k_shot=value'],
  ])('override %s', (override, message) => {
    expect(refusal('k_shot: 1', [override])).toBe(message)
  })

  test('a mistake in the file is not blamed on an override', () => {
    expect(refusal('train: { epochs: ten }', ['train.batch_size=1'])).toContain(
      `${file}: train.epochs is "ten"`,
    )
  })

  describe('of files', () => {
    let folder: string
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'm2l-recipe-'))
    })
    afterAll(() => rm(folder, { recursive: true }))

    test('that are not there, are folders or hold no text', async () => {
      const missing = join(folder, 'missing.yaml')
      await expect(readRecipe(missing)).rejects.toThrow(
        new InputError(`${missing}: expected a recipe, a YAML file, but there is no such file`),
      )
      await expect(readRecipe(folder)).rejects.toThrow(
        new InputError(`${folder}: is a folder; expected a regular file`),
      )
      const binary = join(folder, 'binary.yaml')
      await writeFile(binary, Buffer.from([0x89, 0x50, 0, 1, 2, 255]))
      await expect(readRecipe(binary)).rejects.toThrow(/^[^\n]*binary\.yaml: [^\n]+$/)
    })
  })
})

/** Every key that holds a value, with values it may have. */
const scalarKeys = new Map<string, fc.Arbitrary<unknown>>()
const anyText = fc.string({ minLength: 1 })
const valuesOf = (schema: Record<string, unknown>): fc.Arbitrary<unknown> | undefined => {
  const {
    enum: values,
    type,
    pattern,
    minimum,
    maximum,
    exclusiveMinimum,
    exclusiveMaximum,
  } = schema as {
    enum?: unknown[]
    type?: string
    pattern?: string
    minimum?: number
    maximum?: number
    exclusiveMinimum?: number
    exclusiveMaximum?: number
  }
  if (values) return fc.constantFrom(...values)
  if (type === 'boolean') return fc.boolean()
  if (type === 'integer') return fc.integer({ min: minimum ?? 0, max: Math.min(maximum ?? 1e9, 1e9) })
  if (type === 'number') {
    const min = minimum ?? exclusiveMinimum
    const max = maximum ?? exclusiveMaximum ?? 1e9
    const maxExcluded = exclusiveMaximum !== undefined
    return fc.double({ min, minExcluded: minimum === undefined, max, maxExcluded, noNaN: true })
  }
  if (type !== 'string') return undefined
  return pattern === undefined ? anyText : fc.constantFrom('FCN', 'Grid-3,2', 'Grid-4')
}
const collect = (schema: Record<string, unknown>, path: string[]): void => {
  for (const [key, inner] of Object.entries((schema.properties ?? {}) as Record<string, never>)) {
    const values = valuesOf(inner)
    if (values) scalarKeys.set([...path, key].join('.'), values)
    else collect(inner, [...path, key])
  }
}
collect(recipeSchema.toJSONSchema({ io: 'input' }) as Record<string, unknown>, [])

const keysAndValues = fc
  .constantFrom(...scalarKeys)
  .chain(([key, values]) => values.map((value) => [key, value] as const))

const valueAt = (recipe: unknown, path: readonly string[]): unknown =>
  path.reduce((inner, key) => (inner as Record<string, unknown>)[key], recipe)

describe('properties', () => {
  test('an override of any key is what the recipe then says, and nothing else changes', () => {
    expect(scalarKeys.size).toBeGreaterThan(40)
    fc.assert(
      fc.property(keysAndValues, ([key, value]) => {
        const path = key.split('.')
        const recipe = parseRecipe('', file, [`${key}=${JSON.stringify(value)}`])
        expect(valueAt(recipe, path)).toEqual(value)
        const asFile = path.reduceRight<unknown>((inner, name) => ({ [name]: inner }), value)
        expect(recipe).toEqual(parseRecipe(dump(asFile), file))
      }),
      { numRuns: 300 },
    )
  })

  test('an unknown key is refused wherever it stands, whatever its name and value', () => {
    const sections = [
      '',
      'model.',
      'model.protonet.',
      'train.',
      'val.',
      'test.',
      'data.',
      'pre.',
      'semi.',
      'run.',
    ]
    const known = new Set([...scalarKeys.keys()].flatMap((key) => key.split('.')))
    for (const key of [
      'levels',
      'imports',
      'matchingnet',
      'lr_decay_milestones',
      'adam_betas',
      'with_distractors',
    ]) {
      known.add(key)
    }
    const hostile = fc.constantFrom(
      '__proto__',
      'constructor',
      'prototype',
      'toString',
      'hasOwnProperty',
      'valueOf',
    )
    const name = fc.oneof(hostile, fc.stringMatching(/^[a-z_]{1,12}$/)).filter((key) => !known.has(key))
    fc.assert(
      fc.property(fc.constantFrom(...sections), name, fc.jsonValue(), (section, key, value) => {
        const override = `${section}${key}=${JSON.stringify(value)}`
        const message = refusal('', [override])
        expect(message).not.toContain('\n')
        // A value may hold a key `__proto__` of its own, which is told of first.
        const path = `${section}${key}`.replaceAll('.', '\\.')
        expect(message).toMatch(new RegExp(`${path}(\\..*__proto__)? is not an option; `))
      }),
      { numRuns: 500 },
    )
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })

  test('any text is a recipe or refused in one line', () => {
    const yaml = fc.oneof(
      fc.string(),
      fc.jsonValue().map((value) => JSON.stringify(value)),
      fc
        .array(keysAndValues)
        .map((pairs) => pairs.map(([key, value]) => `${key}: ${String(value)}`).join('\n')),
    )
    fc.assert(
      fc.property(yaml, fc.array(fc.string(), { maxLength: 2 }), (text, overrides) => {
        const message = overrides.reduce(
          (left, override) => left.replace(override, ''),
          refusalIfAny(text, overrides),
        )
        expect(message).not.toContain('\n')
      }),
      { numRuns: 500 },
    )
  })

  test.each([
    [
      'aliases of aliases',
      Array.from({ length: 25 }, (_, line) =>
        line === 0
          ? 'a0: &a0 [x, x]'
          : `a${line}: &a${line} [${Array.from({ length: 9 }, () => `*a${line - 1}`).join(', ')}]`,
      ).join('\n'),
      'its aliases unfold to more than 1000000 values',
    ],
    ['a value that holds itself', 'model: &a {levels: *a}', 'its aliases nest more than 100 lists or maps'],
    ['code', 'model: !!js/function "function () {}"', 'unknown scalar tag !<tag:yaml.org,2002:js/function>'],
  ])('refuses %s', (_, text, reason) => {
    expect(() => parseRecipe(text, 'r.yaml')).toThrow(`expected YAML, but ${reason}`)
  })
})
