import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileHash, readCard, readTrainingRecord, type ResultCard } from '@m2l/m2l'
import { loadSafetensors } from '@m2l/nn/files'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { capturedOutput } from '../captured-output.test.helper.js'
import { patternsPlan, recipes, writePatterns } from './patterns.test.helper.js'
import { readPlan } from './plan.js'
import { runQueueCommand } from './queue-command.js'
import { Queue } from './queue.js'
import { StoppedError } from './stage.js'

let root: string
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'm2l-queue-'))
  for (const folder of ['configs/patterns', 'results/manifests', 'results/cards'])
    await mkdir(join(root, folder), { recursive: true })
  await writePatterns(join(root, 'images/patterns'))
  await writeFile(join(root, 'results/plan.yaml'), patternsPlan)
  for (const [name, text] of Object.entries(recipes))
    await writeFile(join(root, 'configs/patterns', `${name}.yaml`), text)
})
afterAll(() => rm(root, { recursive: true }))

const queue = (...args: string[]) =>
  capturedOutput(() => runQueueCommand(['--runs', 'runs', '--data-root', 'images', ...args], root, root))
const cardOf = (name: string) => readCard(join(root, `results/cards/patterns/${name}.json`))
const stages = (text: string) =>
  Array.from(text.matchAll(/^\S+Z (.*?)(?: [\d.]+ s)?$/gm), ([, stage]) => stage)

describe('npm run results:run', () => {
  it('carries out the plan, then finds nothing to do', async () => {
    expect(await queue('--manifests')).toMatchObject({ exitCode: 0, stderr: '' })
    const first = await queue()
    expect([first.exitCode, first.stderr]).toEqual([0, ''])
    expect(stages(first.stdout)).toEqual([
      'seed1/patterns/pretrain_Conv64F-4x: pretrain',
      'seed1/patterns/ProtoNet_N3K1_Conv64F-4x: train',
      'seed1/patterns/ProtoNet_N3K1_Conv64F-4x: evaluate',
      'seed1/patterns/M2L_N3K1_Conv64F-4x: train',
      'seed1/patterns/M2L_N3K1_Conv64F-4x: evaluate',
      'seed1/patterns/M2L_N3K1_Conv64F-4x.levels-part: evaluate',
    ])
    await expectCards()

    const again = await queue()
    expect(stages(again.stdout)).toHaveLength(3)
    expect(again.stdout.match(/: its card is current$/gm)).toHaveLength(3)
    expect((await queue('--list', '--only', 'M2L', 'k_shot=2')).stdout.match(/: to do$/gm)).toHaveLength(2)
  })

  it('starts from a kept backbone, and from a new one where it is told to', async () => {
    const kept = join(root, 'results/weights/seed1/patterns/pretrain_Conv64F-4x')
    const first = (await readTrainingRecord(kept))!
    const { weights, pretraining, training } = await cardOf('ProtoNet_N3K1_Conv64F-4x')
    expect(first).toEqual(pretraining)
    const keptWeights = join(kept, 'best.safetensors')
    expect(training!.initialWeights).toBe(await fileHash(keptWeights))
    const { tensors } = await loadSafetensors(keptWeights)
    expect(Object.keys(tensors).filter((name) => !name.startsWith('model.encoder.'))).toEqual([])
    expect(tensors).not.toEqual({})

    await rm(join(root, 'results/cards/patterns/ProtoNet_N3K1_Conv64F-4x.json'))
    const other = ['--runs', 'other', '--only', 'ProtoNet']
    expect(stages((await queue(...other)).stdout)).toEqual([
      'seed1/patterns/pretrain_Conv64F-4x: its weights are those of results/weights',
      'seed1/patterns/ProtoNet_N3K1_Conv64F-4x: train',
      'seed1/patterns/ProtoNet_N3K1_Conv64F-4x: evaluate',
    ])
    expect(await cardOf('ProtoNet_N3K1_Conv64F-4x')).toMatchObject({ weights, pretraining })

    await rm(join(root, 'results/cards/patterns/ProtoNet_N3K1_Conv64F-4x.json'))
    const anew = ['--runs', 'anew', '--only', 'ProtoNet']
    expect(stages((await queue(...anew, '--anew')).stdout)).toContain(
      'seed1/patterns/pretrain_Conv64F-4x: pretrain',
    )
    expect(await cardOf('ProtoNet_N3K1_Conv64F-4x')).toMatchObject({ weights })

    // Of another recipe it is no use, and the new one takes its place.
    expect(stages((await queue(...other, 'pre.epochs=2')).stdout)).toContain(
      'seed1/patterns/pretrain_Conv64F-4x: pretrain',
    )
    expect(await readTrainingRecord(kept)).toMatchObject({ completed: true, epochs: 2 })
    expect(stages((await queue(...anew)).stdout)).toEqual([
      'seed1/patterns/ProtoNet_N3K1_Conv64F-4x: evaluate',
    ])
    expect(await readTrainingRecord(kept)).toMatchObject({ completed: true, epochs: 8 })
  })

  it('evaluates ablations with kept weights', async () => {
    const { weights, accuracy } = await cardOf('M2L_N3K1_Conv64F-4x.levels-part')
    await rm(join(root, 'results/cards/patterns/M2L_N3K1_Conv64F-4x.levels-part.json'))
    const ablation = ['--runs', 'ablation', '--only', 'levels-part']
    expect(stages((await queue(...ablation)).stdout)).toEqual([
      'seed1/patterns/pretrain_Conv64F-4x: its weights are those of results/weights',
      'seed1/patterns/ProtoNet_N3K1_Conv64F-4x: train',
      'seed1/patterns/ProtoNet_N3K1_Conv64F-4x: evaluate',
      'seed1/patterns/M2L_N3K1_Conv64F-4x: its weights are those of results/weights',
      'seed1/patterns/M2L_N3K1_Conv64F-4x: evaluate',
      'seed1/patterns/M2L_N3K1_Conv64F-4x.levels-part: evaluate',
    ])
    expect(await cardOf('M2L_N3K1_Conv64F-4x.levels-part')).toMatchObject({ weights, accuracy })
  })

  async function expectCards(): Promise<void> {
    const [protoNet, m2l, part] = (await Promise.all(
      ['ProtoNet_N3K1_Conv64F-4x', 'M2L_N3K1_Conv64F-4x', 'M2L_N3K1_Conv64F-4x.levels-part'].map(cardOf),
    )) as [ResultCard, ResultCard, ResultCard]
    expect(protoNet.training!.recipe.sha256).toBe(protoNet.recipe.sha256)
    expect(protoNet.pretraining!.recipe.name).toBe('pretrain_Conv64F-4x')
    expect(protoNet.training!.initialWeights).toBe(m2l.training!.initialWeights)
    expect(m2l.episodes.manifest).toBe(protoNet.episodes.manifest)
    expect(m2l.paired.map((paired) => paired.with)).toEqual([
      { recipe: 'M2L_N3K1_Conv64F-4x', level: expect.stringMatching(/^(part|global)$/) },
      { recipe: 'ProtoNet_N3K1_Conv64F-4x', level: 'fused' },
    ])
    expect(m2l.paired[1]!.difference).toBeCloseTo(m2l.accuracy['fused']! - protoNet.accuracy['fused']!, 5)
    expect(part.weights).toEqual(m2l.weights)
    expect(part.accuracy['fused']).toBe(m2l.accuracy['part'])
    expect(part.recipe.sha256).not.toBe(m2l.recipe.sha256)
  }

  it('goes on exactly where it was stopped, and measures the same', async () => {
    const uninterrupted = await cardOf('ProtoNet_N3K1_Conv64F-4x')
    await rm(join(root, 'results/cards/patterns/ProtoNet_N3K1_Conv64F-4x.json'))
    const plan = readPlan(join(root, 'results/plan.yaml'))
    const folders = { root, runs: join(root, 'stopped'), data: join(root, 'images'), overrides: [] }
    const stopping = new AbortController()
    const lines: string[] = []
    const carriedOut = new Queue(folders, plan, (line) => lines.push(line), stopping.signal, {
      anew: true,
    })
      .carryOut(plan[0]!)
      .then(
        () => 'done',
        (error: unknown) => error,
      )
    const pretraining = join(folders.runs, 'seed1/patterns/pretrain_Conv64F-4x')
    await textIn(`${pretraining}.log`, 'epoch 2: ')
    stopping.abort()
    expect(await carriedOut).toBeInstanceOf(StoppedError)
    expect(lines).toEqual([])
    const stopped = (await readTrainingRecord(pretraining))!
    expect(stopped).toMatchObject({ completed: false, processes: 1 })
    expect(stopped.epochs).toBeLessThan(8)

    await new Queue(folders, plan, (line) => lines.push(line), new AbortController().signal).carryOut(
      plan[0]!,
    )
    expect(lines).toHaveLength(3)
    expect(await readTrainingRecord(pretraining)).toMatchObject({ completed: true, epochs: 8, processes: 2 })
    const { weights, accuracy, training } = await cardOf('ProtoNet_N3K1_Conv64F-4x')
    expect({ weights, accuracy }).toEqual({
      weights: uninterrupted.weights,
      accuracy: uninterrupted.accuracy,
    })
    expect(training!.initialWeights).toBe(uninterrupted.training!.initialWeights)
  })

  /** Waits until a file holds a text. */
  async function textIn(file: string, text: string): Promise<void> {
    while (!existsSync(file) || !(await readFile(file, 'utf8')).includes(text)) await setTimeout(20)
  }

  it('tells in one line what it cannot do', async () => {
    const refusals: [RegExp, number, string[]][] = [
      [/images: holds neither a folder other nor other\.zip/, 2, ['--only', 'M2L', 'k_shot=3']],
      [/--only DN4: no result of the plan has this in its name/, 2, ['--only', 'DN4']],
      [/m2l train failed \(2\): .*class train-0 has 8 images/, 1, ['--only', 'ProtoNet', 'k_shot=9']],
      [/Unknown option '--run'/, 2, ['--run', 'x']],
    ]
    await writeFile(
      join(root, 'configs/patterns/M2L_N3K1_Conv64F-4x.yaml'),
      recipes['M2L_N3K1_Conv64F-4x'].replace('data/patterns', 'data/other'),
    )
    for (const [message, exitCode, args] of refusals) {
      const said = await queue(...args)
      expect(said.stderr).toMatch(/^results: [^\n]+\n$/)
      expect(said.stderr).toMatch(message)
      expect(said.exitCode).toBe(exitCode)
    }
    const help = await capturedOutput(() => runQueueCommand(['--help'], root, root))
    expect(help).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^usage: npm run results:run/) })
    const without = await capturedOutput(() => runQueueCommand(['--runs', 'runs'], root, root))
    expect(without.stderr).toMatch(/patterns is needed; name the folder that holds it with --data-root/)
  })
})
