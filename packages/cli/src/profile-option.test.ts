import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { Trace } from '@m2l/engine'
import { beforeAll, expect, test } from 'vitest'
import { globalLevelOnly, learnableFolder, m2lHere, start } from './m2l-process.test.helper.js'

let folder: string
beforeAll(async () => {
  folder = await learnableFolder()
  await m2lHere(folder, 'train', ...recipe, 'run.folder=runs/plain')
})

const recipe = ['--cfg', 'm2l.yaml', 'train.epochs=1', 'val.episode=10', ...globalLevelOnly]

async function traceIn(file: string): Promise<Trace['traceEvents']> {
  const { traceEvents } = JSON.parse(await readFile(join(folder, file), 'utf8')) as Trace
  return traceEvents
}

const names = (events: Trace['traceEvents']) => new Set(events.map(({ name }) => name))

test('a training leaves a trace and says where its time went, with the weights that it has without', async () => {
  const { exitCode, stdout, stderr } = await m2lHere(
    folder,
    'train',
    ...recipe,
    'run.folder=runs/profiled',
    '--profile',
    'train.json',
  )
  expect(exitCode).toBe(0)
  expect(stdout).toMatch(/^1 epoch in .*\n$/)
  expect(stderr).toMatch(/│ training step .*\n.*│ decode, beside the loop .*│ operation .*│ Conv2D/s)
  expect(stderr).toMatch(/training step: [\d.]+ ms a call as a graph, [\d.]+ ms operation by operation\n/)
  expect(stderr).toMatch(
    /\nprofile {3}train\.json; open it in https:\/\/ui\.perfetto\.dev or chrome:\/\/tracing\n$/,
  )
  const events = await traceIn('train.json')
  for (const name of [
    'decode',
    'training step',
    'read back',
    'validate',
    'checkpoint',
    'embed bank',
    'score',
  ])
    expect(names(events)).toContain(name)
  expect(names(events)).toContain('Conv2DBackpropFilter encoder.layer1.0')
  const [plain, profiled] = await Promise.all(
    ['plain', 'profiled'].map((run) => readFile(join(folder, 'runs', run, 'last.safetensors'))),
  )
  expect(profiled!.equals(plain!)).toBe(true)
})

test.each([
  ['pretrain', 'pretraining step', ['pre.epochs=1']],
  ['evaluate', 'score', ['-c', 'runs/plain/best.safetensors']],
])('m2l %s with --json writes the trace and prints only its object', async (command, name, words) => {
  const file = `${command}.json`
  const finished = await m2lHere(folder, command, ...recipe, ...words, '--profile', file, '--json', '--quiet')
  expect(finished).toMatchObject({ exitCode: 0, stderr: '' })
  expect(finished.stdout.trimEnd().split('\n')).toHaveLength(1)
  expect(names(await traceIn(file))).toContain(name)
})

test('a training that is interrupted leaves its trace', async () => {
  const words = ['train', ...recipe, 'train.episode_per_epoch=100000', 'run.folder=runs/broken']
  const run = start(folder, [...words, '--profile', 'broken.json'])
  const ended = run.finished.then(() => true)
  const began = () =>
    readdir(join(folder, 'runs/broken')).then(
      (files) => files.length > 0,
      () => false,
    )
  while (!(await began())) if (await Promise.race([ended, setTimeout(10, false)])) break
  run.kill('SIGINT')
  const { exitCode, stderr } = await run.finished
  expect(exitCode).toBe(130)
  expect(stderr).toMatch(
    /\nprofile {3}broken\.json; .*\nm2l: interrupted after saving; go on with: [^\n]*\n$/,
  )
  expect(names(await traceIn('broken.json'))).toContain('checkpoint')
})

test.each([
  ['nowhere/trace.json', 'its folder does not exist'],
  ['patterns', 'it is a folder'],
  ['m2l.yaml/trace.json', 'its folder is a file'],
])('%s is refused before anything is done', async (file, reason) => {
  const before = await readdir(folder)
  expect(await m2lHere(folder, 'train', ...recipe, 'run.folder=refused', '--profile', file)).toEqual({
    exitCode: 2,
    stdout: '',
    stderr: `m2l: ${file}: expected a file to write the profile to, but ${reason}; name another with --profile FILE\n`,
  })
  expect(await readdir(folder)).toEqual(before)
})

test('a training that is refused leaves no trace', async () => {
  const before = await readdir(folder)
  const finished = await m2lHere(
    folder,
    'train',
    ...recipe,
    'run.folder=runs/plain',
    '--profile',
    'refused.json',
  )
  expect(finished).toMatchObject({ exitCode: 2, stdout: '' })
  expect(finished.stderr).toContain('holds an earlier training run')
  expect(await readdir(folder)).toEqual(before)
})
