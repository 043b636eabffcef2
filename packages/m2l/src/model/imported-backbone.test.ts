import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { InputError, loadEngine, tf } from '@m2l/engine'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readRecipeText, recipeHash } from '../index.js'
import { createModel, episodeTransforms } from '@m2l/model'
import { modelSettings } from '../agreement/model-settings.js'

const zod = pathToFileURL(createRequire(import.meta.url).resolve('zod')).href
const means = '{ mean: [124, 116, 104], deviation: [58, 57, 57] }'

/** A module that defines a backbone of averages, with some of its parts told otherwise. */
const pooling = ({
  name = 'pooling',
  input = `{ size: 32, normalisation: ${means}, frame: 'square' }`,
  made = '',
} = {}) => `import { z } from '${zod}'
export default {
  name: '${name}',
  options: z.object({ side: z.int().min(1).default(2) }),
  input: ${input},
  create: ({ side }) => ({
    name: '${name}',
    channels: 3,
    state: {},
    embed: (images) => images.avgPool(side, side, 'valid'),
    outputSize: (height, width) => [Math.floor(height / side), Math.floor(width / side)],
    dispose() {},
    ${made}
  }),
}
`
const modules: Readonly<Record<string, string>> = {
  'pooling.mjs': pooling(),
  'crop.mjs': pooling({
    input: "{ size: 64, normalisation: 'cifar', frame: { shorterSide: 1.25 }, filter: 'bicubic' }",
  }),
  'taken.mjs': pooling({ name: 'R12' }),
  'no-size.mjs': pooling({ input: "{ normalisation: 'imagenet', frame: 'square' }" }),
  'unknown.mjs': pooling({ input: "{ size: 32, normalisation: 'imagnet', frame: 'square' }" }),
  'small.mjs': pooling({ input: `{ size: 32, normalisation: ${means}, frame: { square: 0.5 } }` }),
  'otherwise.mjs': pooling({ made: 'channels: 4,' }),
  'throwing.mjs': pooling({ made: "embed() { throw new Error('out of paper\\nand ink') }," }),
  'nothing.mjs': pooling({ made: 'embed: undefined,' }),
}

let folder: string
beforeAll(async () => {
  await loadEngine()
  folder = await mkdtemp(join(tmpdir(), 'm2l-backbone-'))
  for (const [name, text] of Object.entries(modules)) await writeFile(join(folder, name), text)
})
afterAll(() => rm(folder, { recursive: true }))

const recipe = (module: string, ...overrides: string[]) =>
  readRecipeText(
    `model: { imports: [./${module}], encoder: pooling, query: ProtoNet }`,
    join(folder, 'r.yaml'),
    overrides,
  )

describe('a backbone that a recipe imports', () => {
  it('makes the model, and says how it is given pictures', async () => {
    const read = await recipe('pooling.mjs', 'model.encoder_options.side=4')
    expect(read.data).toMatchObject({
      image_size: 32,
      normalisation: { mean: [124, 116, 104], deviation: [58, 57, 57] },
    })
    const { normalisation } = episodeTransforms(read)
    expect(normalisation!.mean[0]).toBeCloseTo(124 / 255, 12)
    expect(normalisation!.std[2]).toBeCloseTo(57 / 255, 12)
    const model = createModel(read)
    expect(model.backbone.outputSize(32, 32)).toEqual([8, 8])
    model.dispose()
  })

  it('frames pictures with its aspect and filter, at the size that the recipe asks for', async () => {
    const { whole } = episodeTransforms(await recipe('crop.mjs', 'data.image_size=32'))
    expect(whole({ height: 100, width: 200 })).toEqual([
      {
        window: { top: 0, left: 0, height: 100, width: 200 },
        size: { height: 40, width: 80 },
        filter: 'bicubic',
        cut: { top: 4, left: 24, height: 32, width: 32 },
        flip: false,
      },
    ])
  })

  it('has its options in settings and hash', async () => {
    const [usual, said, other] = await Promise.all([
      recipe('pooling.mjs'),
      recipe('pooling.mjs', 'model.encoder_options.side=2'),
      recipe('pooling.mjs', 'model.encoder_options.side=4'),
    ])
    expect(modelSettings(usual)).toMatchObject({
      'model.encoder': 'pooling',
      'model.encoder_options.side': 2,
    })
    expect(modelSettings(said)).toEqual(modelSettings(usual))
    expect(modelSettings(other)).not.toEqual(modelSettings(usual))
    expect(recipeHash(other)).not.toBe(recipeHash(usual))
  })

  it.each([
    ['taken.mjs', 'two backbones are named R12; rename one'],
    [
      'no-size.mjs',
      'model.imports: backbone pooling of ./no-size.mjs: input.size is missing, expected a whole number from 16 to 1024',
    ],
    [
      'unknown.mjs',
      /input\.normalisation is "imagnet", expected imagenet, cifar, efficientnet-lite or none or a section with keys such as mean; did you mean imagenet\?$/,
    ],
    [
      'small.mjs',
      'backbone pooling of ./small.mjs: input.frame.square is 0.5, expected a number of at least 1',
    ],
    [
      'otherwise.mjs',
      'backbone pooling: its outputSize and channels announce maps [1,16,16,4] of a picture of 32x32 pixels, but its embed gives [1,16,16,3]',
    ],
    ['throwing.mjs', /r\.yaml: backbone pooling: cannot embed a picture of 32x32 pixels: out of paper$/],
    ['nothing.mjs', 'backbone pooling: what its create returns is no backbone'],
  ])('is refused where it is wrong: %s', async (module, message) => {
    const before = tf.memory().numTensors
    const failure = recipe(module).then(createModel)
    await expect(failure).rejects.toThrow(InputError)
    await expect(failure).rejects.toThrow(message)
    expect(tf.memory().numTensors).toBe(before)
  })

  it('is told from others by its options', async () => {
    await expect(recipe('pooling.mjs', 'model.encoder_options.sied=2')).rejects.toThrow(
      'model.encoder_options.sied=2: model.encoder_options.sied is not an option; did you mean model.encoder_options.side?',
    )
    await expect(recipe('pooling.mjs', 'model.encoder=R12', 'model.encoder_options.side=2')).rejects.toThrow(
      'model.encoder_options.side=2: model.encoder_options.side is not an option; expected none',
    )
  })
})
