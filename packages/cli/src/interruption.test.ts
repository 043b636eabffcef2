import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { setTimeout } from 'node:timers/promises'
import { beforeAll, expect, test } from 'vitest'
import {
  contentsOf,
  globalLevelOnly,
  learnableFolder,
  m2l,
  start,
  type Finished,
} from './m2l-process.test.helper.js'

let folder: string
beforeAll(async () => {
  folder = await learnableFolder()
})

const changes = ['train.episode_per_epoch=12', ...globalLevelOnly]
const train = ['train', '--cfg', 'm2l.yaml', ...changes]

/** Interrupts a training as soon as it has begun, which its file for TensorBoard shows. */
async function interrupted(signal: 'SIGINT' | 'SIGTERM', words: readonly string[]): Promise<Finished> {
  const began = await eventFiles()
  const run = start(folder, words)
  const ended = run.finished.then(() => true)
  while ((await eventFiles()) === began) {
    if (await Promise.race([ended, setTimeout(10, false)])) break
  }
  run.kill(signal)
  return run.finished
}

async function eventFiles(run = 'runs/broken'): Promise<number> {
  const files = await readdir(join(folder, run)).catch(() => [])
  return files.filter((file) => file.startsWith('events.')).length
}

test('a training that is interrupted twice ends with the weights of one that never was', async () => {
  const whole = await m2l(folder, ...train, 'run.folder=runs/whole')
  expect(whole.exitCode).toBe(0)

  const goOn =
    'go on with: npx m2l train --cfg m2l.yaml --resume train.episode_per_epoch=12 ' +
    "'model.levels={global: {}}' model.forward_encoding=FCN run.folder=runs/broken"
  const first = await interrupted('SIGINT', [...train, 'run.folder=runs/broken', '--json'])
  expect(first.stderr).toBe(
    `stopping after the step under way; Ctrl-C again leaves at once\nm2l: interrupted after saving; ${goOn}\n`,
  )
  expect(first.exitCode).toBe(130)
  expect(JSON.parse(first.stdout)).toMatchObject({ completed: false, epochs: 0 })

  const second = await interrupted('SIGTERM', [...train, 'run.folder=runs/broken', '--resume'])
  expect(second.stderr).toContain('stopping after the step under way; a second signal leaves at once\n')
  expect(second.stderr).toContain(goOn)
  expect(second).toMatchObject({ exitCode: 143, stdout: '' })

  const resumed = await m2l(folder, ...train, 'run.folder=runs/broken', '--resume')
  expect(resumed.exitCode).toBe(0)
  for (const file of ['last.safetensors', 'best.safetensors', 'record.txt']) {
    const [expected, actual] = await Promise.all(
      ['whole', 'broken'].map((run) => readFile(join(folder, 'runs', run, file))),
    )
    expect(actual!.equals(expected!), file).toBe(true)
  }
})

/**
 * Runs the program in a Node.js that says when it comes to a module, and then takes a minute to begin with
 * it.
 */
async function slowlyLoading(module: string): Promise<string[]> {
  const waits = `
    import { writeSync as sayOfWaiting } from 'node:fs'
    sayOfWaiting(2, 'waiting\\n')
    await new Promise((done) => setTimeout(done, 60_000))
  `
  const slowed = `
    const slowed = (url, loaded) =>
      url.endsWith(${JSON.stringify(module)}) ? { ...loaded, source: ${JSON.stringify(waits)} + loaded.source } : loaded`
  const asynchronous = `${slowed}
    export const load = async (url, context, next) => slowed(url, await next(url, context))`
  const file = join(folder, `slow-${module.replaceAll('/', '-')}.mjs`)
  await writeFile(
    file,
    `import * as module from 'node:module'
    ${slowed}
    // Node 20 has only the asynchronous kind, of which Node 26 warns.
    if (module.registerHooks) module.registerHooks({ load: (url, context, next) => slowed(url, next(url, context)) })
    else module.register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(asynchronous)}))
    `,
  )
  return ['env', `NODE_OPTIONS=--import=${pathToFileURL(file).href}`]
}

test.each([
  ['SIGINT', 130, 'dist/run.js'],
  ['SIGTERM', 143, 'dist/run.js'],
  ['SIGINT', 130, 'engine/dist/load.js'],
] as const)(
  'a command that has not begun its work leaves at once on %s, with a word (%d, while %s is loading)',
  async (signal, exitCode, module) => {
    const run = start(folder, ['train', '--cfg', 'm2l.yaml'], await slowlyLoading(module))
    await run.saying('waiting')
    run.kill(signal)
    expect(await run.finished).toEqual({
      exitCode,
      stdout: '',
      stderr:
        'waiting\nm2l: interrupted; nothing half-made stays; start again with: npx m2l train --cfg m2l.yaml\n',
    })
  },
)

test('what is waiting for something that does not come is left alone', async () => {
  const slow = await slowlyLoading('datasets/dist/index.js')
  const run = start(folder, ['data', 'show', 'patterns'], slow)
  await run.saying('waiting')
  run.kill('SIGTERM')
  const { exitCode, stderr } = await run.finished
  expect(stderr).toMatch(/interrupted; nothing was changed; start again with: npx m2l data show patterns\n$/)
  expect(exitCode).toBe(143)
})

test('a second run in the folder of one is refused with its process; one that was killed keeps nobody out', async () => {
  const words = [...train, 'run.folder=runs/two']
  const first = start(folder, [...words, 'train.epochs=1000'])
  const ended = first.finished.then(() => true)
  while ((await eventFiles('runs/two')) === 0) {
    if (await Promise.race([ended, setTimeout(10, false)])) break
  }
  const second = await m2l(folder, ...words, '--resume')
  expect(second.stderr).toMatch(
    new RegExp(`^m2l: runs/two: another run is writing here \\(process ${first.pid}, since [^\\n]+\\n$`),
  )
  expect(second).toMatchObject({ exitCode: 2, stdout: '' })
  first.kill('SIGKILL')
  expect((await first.finished).exitCode).toBeNull()
  const files = () => readdir(join(folder, 'runs/two'))
  expect(await files()).toContain('run.lock')
  expect((await m2l(folder, ...words, '--restart')).exitCode).toBe(0)
  expect(await files()).not.toContain('run.lock')
})

test('an evaluation that is interrupted leaves earlier results and says how to start it again', async () => {
  const longer = ['test.episode=30000', 'run.folder=runs/whole', ...globalLevelOnly]
  const before = await contentsOf(join(folder, 'runs/whole'))
  const run = start(folder, ['evaluate', '--cfg', 'm2l.yaml', '--verbose', ...longer])
  run.onError('embed', () => run.kill('SIGTERM'))
  const { exitCode, stdout, stderr } = await run.finished
  expect({ exitCode, stdout }).toEqual({ exitCode: 143, stdout: '' })
  expect(stderr).toContain(
    'm2l: interrupted; earlier results are as they were; start again with: npx m2l evaluate --cfg m2l.yaml --verbose ' +
      "test.episode=30000 run.folder=runs/whole 'model.levels={global: {}}' model.forward_encoding=FCN\n",
  )
  expect(await contentsOf(join(folder, 'runs/whole'))).toEqual(before)
})
