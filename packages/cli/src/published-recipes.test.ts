import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { m2lHere, temporaryFolder, writePatterns } from './m2l-process.test.helper.js'

/** The recipe of M2L for miniImageNet, 5-way 1-shot, in the layout of the published program. */
const published = `
k_shot: 1
train:
    query_per_class_per_episode: 6
    batch_size: 1
    episode_per_epoch: 200
    epochs: 40
    lr_decay_epoch: 10
    lr_decay: 0.5
    learning_rate: 0.0005
    optim: "SGD"
model:
    query: "MML"
    encoder: "R12"
    forward_encoding: "Grid-3,2"
test:
    batch_size: 1
    query_per_class_per_episode: 6
`

/** Fewer and smaller, so that the test is quick; nothing else is changed. */
const shorter = ['train.episode_per_epoch=1', 'train.epochs=1', 'val.episode=1', 'test.episode=2']
const quick = [...shorter, 'data.image_size=16', 'test.total_testtimes=2']

let folder: string

beforeAll(async () => {
  folder = await temporaryFolder()
  await mkdir(join(folder, 'configs/miniImagenet'), { recursive: true })
  await writeFile(join(folder, 'configs/miniImagenet/MML_N5K1_R12.yaml'), published)
  await writePatterns(join(folder, 'data/miniImagenet'))
})

const m2l = (command: string, ...words: string[]) =>
  m2lHere(folder, command, '--cfg', 'configs/miniImagenet/MML_N5K1_R12.yaml', ...words)

test("a recipe of the published program finds its data, trains and is evaluated in the program's rounds", async () => {
  const trained = await m2l('train', ...quick, '--json', '--quiet')
  expect(trained).toMatchObject({ exitCode: 0, stderr: '' })
  const evaluated = await m2l('evaluate', ...quick, '--json')
  expect(evaluated).toMatchObject({ exitCode: 0, stderr: expect.stringMatching(/^feature bank: .*\n$/) })
  const report = JSON.parse(evaluated.stdout) as { rounds: unknown[]; predictions: string }
  expect(report).toMatchObject({ recipe: 'MML_N5K1_R12', ways: 5, shots: 1, queries: 6, episodes: 4 })
  expect(report).toHaveProperty('accuracy.part')
  expect(report.rounds).toHaveLength(2)
  expect(await readFile(join(folder, report.predictions), 'utf8')).toContain('"m2l-predictions"')
})

test('M2L with parts from the feature map trains and is evaluated', async () => {
  const small = ['model.encoder=FourLayer_64F_4x', 'model.parts=map', 'data.image_size=32']
  const words = [...shorter, ...small, 'run.folder=runs/map-parts', '--json']
  expect(await m2l('train', ...words, '--quiet')).toMatchObject({ exitCode: 0, stderr: '' })
  const evaluated = await m2l('evaluate', ...words)
  expect(evaluated).toMatchObject({ exitCode: 0, stderr: expect.stringMatching(/^feature bank: .*\n$/) })
  const { accuracy } = JSON.parse(evaluated.stdout) as { accuracy: object }
  expect(Object.keys(accuracy)).toEqual(['fused', 'part', 'pixel', 'global'])
})

describe.each([
  ['ProtoNet', 'FCN'],
  ['MatchingNet', 'PyramidFCN-2,1'],
  ['RelationNet', 'FCN'],
  ['DN4', 'FCN'],
  ['DN4', 'PyramidFCN-5,2,1'],
  ['DN4', 'Grid-3,2'],
  ['ST', 'FCN'],
])('%s on %s', (query, encoding) => {
  test('trains and is evaluated', async () => {
    const method = [`model.query=${query}`, `model.forward_encoding=${encoding}`]
    const small = [
      'model.encoder=FourLayer_64F_4x',
      'data.image_size=32',
      `run.folder=runs/${query}-${encoding}`,
    ]
    const trained = await m2l('train', ...shorter, ...method, ...small, '--json', '--quiet')
    expect(trained).toMatchObject({ exitCode: 0, stderr: '' })
    const evaluated = await m2l('evaluate', ...shorter, ...method, ...small, '--json')
    expect(evaluated).toMatchObject({ exitCode: 0, stderr: expect.stringMatching(/^feature bank: .*\n$/) })
    expect(JSON.parse(evaluated.stdout)).toMatchObject({ episodes: 2, queries: 6 })
  })
})
