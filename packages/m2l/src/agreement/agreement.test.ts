import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadEngine, tf } from '@m2l/engine'
import { loadSafetensors, saveSafetensors } from '@m2l/nn/files'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  convertWeights,
  evaluateRecipe,
  explainEpisode,
  FewShotClassifier,
  parseRecipe,
  pretrainRecipe,
  readCard,
  readTrainingRecord,
  trainRecipe,
} from '../index.js'

let folder: string
beforeAll(async () => {
  await loadEngine()
  folder = await mkdtemp(join(tmpdir(), 'm2l-agreement-'))
  for (const [number, split] of ['train', 'val', 'test'].entries()) {
    for (let index = 0; index < 4; index++)
      await writeClass('images', split, `${split}${index}`, 60 * number, 60 * index)
  }
  await pretrainRecipe(recipe('pre'))
  await trainRecipe(recipe('m2l'))
})
afterAll(() => rm(folder, { recursive: true }))

async function writeClass(images: string, split: string, name: string, red: number, green: number) {
  const ofClass = join(folder, images, split, name)
  await mkdir(ofClass, { recursive: true })
  for (let image = 0; image < 5; image++) {
    const background = { r: red, g: green, b: 40 * image }
    const picture = sharp({ create: { width: 16, height: 16, channels: 3, background } })
    await writeFile(join(ofClass, `${image}.png`), await picture.png().toBuffer())
  }
}

const text = `
n_way: 2
model: { encoder: FourLayer_64F_4x, forward_encoding: FCN, levels: { global: {}, pixel: {} }, weights: pre/best.safetensors }
data: { dataset: colours, image_size: 16, pack: 'off' }
train: { query_per_class_per_episode: 1, batch_size: 1, episode_per_epoch: 2, epochs: 2 }
val: { episode: 2 }
test: { query_per_class_per_episode: 2, episode: 6 }
pre: { epochs: 1, batch_size: 8, snapshot_epoch: 1, val_episode: 2 }
`
const recipe = (name: string, ...overrides: string[]) =>
  parseRecipe(text, join(folder, `${name}.yaml`), [
    `data.image_dir=${JSON.stringify(join(folder, 'images'))}`,
    `run.folder=${JSON.stringify(join(folder, name))}`,
    ...overrides,
  ])

const messageOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'no error',
    (error: Error) => `${error.name}: ${error.message}`,
  )

describe('weights that were trained with other settings', () => {
  test.each([
    ['data.normalisation=cifar', 'data.normalisation imagenet (recipe: cifar)'],
    ['data.image_size=32', 'data.image_size 16 (recipe: 32)'],
    ['model.forward_encoding=Grid-2', 'model.forward_encoding FCN (recipe: Grid-2)'],
    ['model.levels.global.similarity=cosine', 'model.levels.global.similarity euclidean (recipe: cosine)'],
  ])('are refused with %s, and taken where that is asked for', async (override, difference) => {
    const asked = recipe('m2l', override)
    const tensors = tf.memory().numTensors
    const before = await readFile(join(folder, 'm2l/best.safetensors'))
    const message = await messageOf(evaluateRecipe(asked))
    expect(message).toContain('InputError: ')
    expect(message).toContain(
      `best.safetensors: was trained with other settings than the recipe's: ${difference}`,
    )
    expect(message).toContain('--force')
    expect(tf.memory().numTensors).toBe(tensors)
    expect(await readFile(join(folder, 'm2l/best.safetensors'))).toEqual(before)
    const notes: string[] = []
    const report = await evaluateRecipe(asked, { force: true, onNote: (line) => notes.push(line) })
    expect(notes).toEqual([expect.stringMatching(/; taken nevertheless$/)])
    expect(notes[0]).toContain(difference)
    expect(report.notes).toEqual(notes)
    expect(report.differences.map(({ setting }) => setting)).toContain(override.split('=')[0])
  })

  test.each([
    ['model.fusion=consistent', 'model.fusion released (recipe: consistent)'],
    ['model.levels.global.temperature=3', 'model.levels.global.temperature 1 (recipe: 3)'],
    ['model.levels.pixel.weight=0', 'model.levels.pixel.weight 1 (recipe: 0)'],
  ])('are taken and told with %s, which can be chosen after training', async (override, difference) => {
    const report = await evaluateRecipe(recipe('m2l', override))
    expect(report.notes).toEqual([
      expect.stringContaining(`its levels were fused otherwise where it was trained: ${difference}`),
    ])
    expect(report.differences.map(({ setting }) => setting)).toEqual([override.split('=')[0]])
    expect(JSON.parse(await readFile(report.result, 'utf8'))).toMatchObject({ notes: report.notes })
  })

  test.each([
    [
      '{ridge: {}}',
      'its levels global, pixel are left out, since the recipe compares by ridge: its encoder alone is taken',
    ],
    ['{pixel: {}}', 'its level global is left out, since the recipe compares by pixel: the rest is taken'],
    ['{pixel: {}, global: {}, ridge: {}}', 'was trained without level ridge, by which the recipe compares'],
  ])('give their encoder to other levels, which is told: %s', async (levels, note) => {
    const report = await evaluateRecipe(
      recipe('m2l', `model.levels=${levels}`, 'model.forward_encoding=null'),
    )
    expect(report.notes).toEqual([expect.stringContaining(`best.safetensors: ${note}`)])
    expect(report.differences).toEqual([])
  })

  test('are refused by a level that needs what it has learned', async () => {
    const notes: string[] = []
    const asked = recipe('m2l', 'model.levels={relation: {}}')
    const message = await messageOf(evaluateRecipe(asked, { onNote: (line) => notes.push(line) }))
    expect(message).toContain('holds the weights of an encoder, but none of level relation')
    expect(notes).toEqual([])
    expect(
      await messageOf(evaluateRecipe(recipe('m2l', 'model.levels={ridge: {}}', 'data.image_size=32'))),
    ).toContain("was trained with other settings than the recipe's: data.image_size 16 (recipe: 32); change")
  })

  test('are told in the result, its card and its page', async () => {
    const [card, page] = [join(folder, 'card.json'), join(folder, 'page.html')]
    const asked = recipe('m2l', 'data.normalisation=cifar')
    const report = await evaluateRecipe(asked, { force: true, card, page })
    const difference = { setting: 'data.normalisation', stored: 'imagenet', asked: 'cifar' }
    expect(JSON.parse(await readFile(report.result, 'utf8'))).toMatchObject({ differences: [difference] })
    expect(await readCard(card)).toMatchObject({ differences: [difference], notes: report.notes })
    expect(await readFile(page, 'utf8')).toContain('data.normalisation imagenet (recipe: cifar)')
    expect(await readFile(report.predictions, 'utf8')).toContain(
      'data.normalisation imagenet (recipe: cifar)',
    )
  })

  test('are the same where settings are only written otherwise', async () => {
    const same = [
      'model.levels={pixel: {neighbours: 1, memory_mib: 5, weight: 1}, global: {similarity: euclidean}}',
    ]
    const report = await evaluateRecipe(
      recipe('m2l', ...same, 'model.forward_encoding=null', 'k_shot=2', 'seed=7'),
    )
    expect(report).toMatchObject({ differences: [], notes: [] })
  })

  test('are refused by classifiers, explanations and trainings', async () => {
    const weights = join(folder, 'm2l/best.safetensors')
    const other = recipe('other', 'data.normalisation=none')
    const said =
      /was trained with other settings than the recipe's: data\.normalisation imagenet \(recipe: none\)/
    expect(await messageOf(FewShotClassifier.load(weights, { recipe: other }))).toMatch(said)
    const notes: string[] = []
    const forced = { recipe: other, force: true, onNote: (line: string) => notes.push(line) }
    ;(await FewShotClassifier.load(weights, forced)).dispose()
    expect(notes).toEqual([expect.stringMatching(said)])
    await evaluateRecipe(recipe('m2l'))
    const queries = { episode: 0, queries: [0], folder: join(folder, 'drawn') }
    const sameFolder = recipe('m2l', 'data.normalisation=none')
    expect(await messageOf(explainEpisode(sameFolder, queries))).toMatch(said)
    const explained = await explainEpisode(sameFolder, { ...queries, force: true })
    expect(explained.notes).toEqual([expect.stringMatching(said)])
    expect(await messageOf(trainRecipe(other))).toMatch(said)
    expect(await messageOf(trainRecipe(recipe('other', 'data.image_size=32')))).toContain(
      "pre/best.safetensors: was trained with other settings than the recipe's: data.image_size 16 (recipe: 32)",
    )
    const trained = await trainRecipe(other, { force: true })
    expect(trained.notes).toEqual([expect.stringMatching(said)])
    expect((await readTrainingRecord(join(folder, 'other')))!.notes).toEqual(trained.notes)
    expect(await readFile(join(folder, 'other/report.html'), 'utf8')).toContain(
      'data.normalisation imagenet (recipe: none)',
    )
  })

  test('keep what they say of themselves in every format', async () => {
    const [pth, back] = [join(folder, 'as.pth'), join(folder, 'back.safetensors')]
    await convertWeights(join(folder, 'm2l/best.safetensors'), pth)
    await convertWeights(pth, back)
    for (const checkpoint of [pth, back]) {
      expect(await evaluateRecipe(recipe('m2l'), { checkpoint })).toMatchObject({ notes: [] })
      const message = await messageOf(
        evaluateRecipe(recipe('m2l', 'data.normalisation=cifar'), { checkpoint }),
      )
      expect(message).toContain('data.normalisation imagenet (recipe: cifar)')
    }
  })

  test('that say nothing are taken, and it is told that nothing could be compared', async () => {
    const { tensors } = await loadSafetensors(join(folder, 'm2l/best.safetensors'))
    const bare = join(folder, 'bare.safetensors')
    await saveSafetensors(
      bare,
      Object.fromEntries(
        Object.entries(tensors).map(([name, tensor]) => [name.replace('model.', ''), tensor]),
      ),
    )
    const report = await evaluateRecipe(recipe('m2l'), { checkpoint: bare })
    expect(report.notes).toEqual([
      `${bare}: does not say how it was trained (settings, classes), so nothing could be compared with the recipe and the data`,
    ])
  })
})

describe('classes that weights have learned', () => {
  test('are refused as new ones, whatever their split is called', async () => {
    for (const split of ['train', 'val']) await writeClass('leaky', split, 'x', 1, 1)
    for (let index = 0; index < 2; index++) await writeClass('leaky', 'test', `train${index}`, 0, 60 * index)
    await writeClass('leaky', 'test', 'new', 200, 200)
    const leaky = recipe('m2l', `data.image_dir=${JSON.stringify(join(folder, 'leaky'))}`)
    expect(await messageOf(evaluateRecipe(leaky))).toContain(
      'best.safetensors: was trained on 2 of the 3 classes of split test (train0, train1), so they are not new to it',
    )
    const { notes } = await evaluateRecipe(leaky, { force: true })
    expect(notes).toEqual([expect.stringContaining('so they are not new to it; taken nevertheless')])
  })

  test('are told where only their names are the same', async () => {
    for (let index = 0; index < 2; index++) await writeClass('namesakes', 'test', `train${index}`, 0, 9)
    await rm(join(folder, 'namesakes/test/train0/4.png'))
    await rm(join(folder, 'namesakes/test/train1/4.png'))
    const { notes } = await evaluateRecipe(
      recipe('m2l', `data.image_dir=${JSON.stringify(join(folder, 'namesakes'))}`),
    )
    expect(notes).toEqual([
      expect.stringContaining(
        'was trained on classes of the same names as 2 of the 2 classes of split test (train0, train1)',
      ),
    ])
  })
})

test('what weights learned elsewhere, whose classes nobody listed, is told', async () => {
  const { tensors, metadata } = await loadSafetensors(join(folder, 'm2l/best.safetensors'))
  const elsewhere = join(folder, 'elsewhere.safetensors')
  const learned = JSON.stringify([{ kind: 'pretraining', dataset: 'ImageNet' }])
  await saveSafetensors(elsewhere, tensors, { ...metadata, learned })
  const { notes } = await evaluateRecipe(recipe('m2l'), { checkpoint: elsewhere })
  expect(notes).toEqual([
    `${elsewhere}: has learned ImageNet, whose classes cannot be compared with those of split test: where they are among them, the accuracy is not of new classes`,
  ])
})

describe('going on with a run', () => {
  const other = () => recipe('resumed', 'train.epochs=1')
  test('is refused with other settings, which are named with what was and what is', async () => {
    await trainRecipe(other())
    const last = await readFile(join(folder, 'resumed/last.safetensors'))
    await writeClass('others', 'train', 'y', 1, 1)
    for (const split of ['train', 'val'])
      for (let index = 0; index < 4; index++) await writeClass('others', split, `${split}${index}`, 3, 3)
    await rm(join(folder, 'others/train/y'), { recursive: true })
    for (const [override, difference] of [
      ['k_shot=2', 'k_shot 1 (now: 2)'],
      ['n_way=3', 'n_way 2 (now: 3)'],
      ['seed=2', 'seed 1 (now: 2)'],
      ['data.image_size=32', 'data.image_size 16 (now: 32)'],
      ['data.normalisation=none', 'data.normalisation imagenet (now: none)'],
      ['train.learning_rate=0.1', 'train.learning_rate 0.001 (now: 0.1)'],
      ['train.optim=SGD', 'train.optim Adam (now: SGD)'],
      ['train.episode_per_epoch=3', 'train.episode_per_epoch 2 (now: 3)'],
      ['model.levels.global.temperature=2', 'model.levels.global.temperature 1 (now: 2)'],
      [`data.image_dir=${JSON.stringify(join(folder, 'others'))}`, 'train pictures '],
    ] as const) {
      const message = await messageOf(trainRecipe(recipe('resumed', override), { existing: 'resume' }))
      expect(message).toContain('resumed: holds a run that began with other settings: ')
      expect(message).toContain(difference)
      expect(message).toContain('--restart')
    }
    expect(await readFile(join(folder, 'resumed/last.safetensors'))).toEqual(last)
    expect(await messageOf(pretrainRecipe(recipe('resumed'), { existing: 'resume' }))).toContain(
      'resumed: holds a training, no pretraining',
    )
    expect(
      await messageOf(pretrainRecipe(recipe('pre', 'pre.lr=0.5', 'pre.epochs=2'), { existing: 'resume' })),
    ).toContain('holds a run that began with other settings: pre.lr 0.1 (now: 0.5);')
  })

  test('may be longer and validated otherwise, from first weights that are gone', async () => {
    const longer = recipe(
      'resumed',
      'train.epochs=2',
      'val.episode=3',
      'run.keep=3',
      'model.weights=gone/best.safetensors',
    )
    expect(await trainRecipe(longer, { existing: 'resume' })).toMatchObject({
      epochs: 2,
      completed: true,
      notes: [],
    })
  })

  test('with other settings is done where it is asked for, and told', async () => {
    const { notes } = await trainRecipe(recipe('resumed', 'train.epochs=3', 'train.learning_rate=0.01'), {
      existing: 'resume',
      force: true,
    })
    expect(notes).toEqual([
      expect.stringContaining('train.learning_rate 0.001 (now: 0.01); gone on with nevertheless'),
    ])
    expect((await readTrainingRecord(join(folder, 'resumed')))!.notes).toEqual(notes)
    expect(await readFile(join(folder, 'resumed/report.html'), 'utf8')).toContain('0.001 (now: 0.01)')
  })

  test('of a version that stored no settings compares what there is', async () => {
    await trainRecipe(recipe('before', 'train.epochs=1'))
    const file = join(folder, 'before/last.safetensors')
    const { tensors, metadata } = await loadSafetensors(file)
    const { settings: _settings, learned: _learned, ...older } = metadata
    await saveSafetensors(file, tensors, older)
    expect(
      await messageOf(trainRecipe(recipe('before', 'data.image_size=32'), { existing: 'resume' })),
    ).toContain('data.image_size 16 (now: 32)')
    expect(await messageOf(trainRecipe(recipe('before', 'seed=3'), { existing: 'resume' }))).toContain(
      'seed 1 (now: 3)',
    )
    const { notes } = await trainRecipe(recipe('before'), { existing: 'resume' })
    expect(notes).toEqual([
      expect.stringMatching(
        /its checkpoint is of a version that did not store settings, so only .*seed.* could be compared/,
      ),
    ])
  })
})
