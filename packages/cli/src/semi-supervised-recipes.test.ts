import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { m2lHere, smallRecipe, temporaryFolder, writePatterns } from './m2l-process.test.helper.js'

/** Of the 12 images of a class 6 are labelled and 6 are not. */
const semi = `semi:
  label_percentage: 0.5
  unlabeled_per_task_train: 2
  unlabeled_per_task_test: 6
  distractor_class: 2
`

let folder: string
beforeAll(async () => {
  folder = await temporaryFolder()
  await writePatterns(join(folder, 'patterns'))
  await writeFile(join(folder, 'semi.yaml'), smallRecipe + semi)
})

const m2l = (command: string, ...words: string[]) =>
  m2lHere(folder, command, '--cfg', 'semi.yaml', '--quiet', ...words)
const json = (text: string) => JSON.parse(text) as Record<string, unknown>

describe.each([
  ['ProtoNet', 0, 'soft', ['fused', 'global']],
  ['ProtoNet', 1, 'soft-with-distractors', ['fused', 'global']],
  ['M2L', 1, 'soft-with-distractors', ['fused', 'part', 'pixel', 'global']],
] as const)('%s with distractors: %s', (query, distractors, refine, results) => {
  const run = `runs/${query}-${distractors}`
  const words = [
    `model.query=${query}`,
    `semi.with_distractors=${distractors}`,
    `run.folder=${run}`,
    '--json',
  ]

  test('trains, is evaluated and says how, and its episodes can be replayed', async () => {
    const trained = await m2l('train', ...words)
    expect(trained).toMatchObject({ exitCode: 0, stderr: '' })
    expect(json(trained.stdout)).toMatchObject({ epochs: 2, completed: true })

    const evaluated = await m2l('evaluate', ...words)
    expect(evaluated).toMatchObject({ exitCode: 0, stderr: '' })
    const report = json(evaluated.stdout)
    expect(report).toEqual(json(await readFile(join(folder, run, 'result.json'), 'utf8')))
    expect(report).toMatchObject({
      ways: 3,
      shots: 1,
      episodes: 10,
      semiSupervised: {
        labelledShare: 0.5,
        unlabelledPerClass: 6,
        distractorClasses: 2 * distractors,
        levels: { global: { refine } },
      },
    })
    const accuracy = report.accuracy as Record<string, number>
    expect(Object.keys(accuracy)).toEqual(results)
    expect(accuracy.fused).toBeGreaterThan(0.6)

    const manifest = join(run, 'test-manifest.jsonl')
    const replayed = await m2l('evaluate', ...words, '--manifest', manifest, 'seed=5')
    expect(json(replayed.stdout)).toMatchObject({ accuracy, semiSupervised: report.semiSupervised })
  })
})

test('pretrains on the labelled images', async () => {
  const pretrained = await m2l('pretrain', '--json', 'run.folder=runs/pre')
  expect(pretrained).toMatchObject({ exitCode: 0, stderr: '' })
  expect(json(pretrained.stdout)).toMatchObject({ epochs: 2, completed: true })
})

test.each([
  [
    'semi.unlabeled_per_task_train=7',
    /^m2l: split train: class train-0 has 6 unlabelled images of its 12 .* needs 7; /,
  ],
  [
    'semi.label_percentage=.2',
    /^m2l: split train: class train-0 has 2 labelled images of its 12 .* needs [23] /,
  ],
  [
    'semi.distractor_class=6',
    /^m2l: split train: has 8 classes, but an episode needs 9 \(3 ways \+ 6 distractors\); /,
  ],
  ['semi.label_percentage=1', /^m2l: semi\.label_percentage=1: .* expected a number above 0 and below 1\n$/],
])('%s is refused in one line', async (override, message) => {
  const refused = await m2l(
    'train',
    'semi.with_distractors=1',
    'train.query_per_class_per_episode=2',
    override,
  )
  expect(refused).toMatchObject({ exitCode: 2, stdout: '' })
  expect(refused.stderr).toMatch(message)
})
