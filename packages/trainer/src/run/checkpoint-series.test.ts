import { spawn } from 'node:child_process'
import { readdir, readFile, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { loadEngine, tf } from '@m2l/engine'
import { kept } from '@m2l/nn'
import { beforeAll, describe, expect, it } from 'vitest'
import { loadNewest, openRunFolder, saveNewest, startPosition, type RunFolder } from '../index.js'
import { newFolder, smallRun } from './small-run.test.helper.js'

beforeAll(async () => {
  await loadEngine()
})

const description = { backbone: 'tiny', run: 'test' }
const model = () => ({ weight: kept('plain', () => tf.zeros([3])) })

/** Saves so many checkpoints; the weight of each is its epoch. */
async function series(epochs: number, keep?: number): Promise<RunFolder> {
  const folder = await openRunFolder(newFolder())
  const state = model()
  for (let epoch = 1; epoch <= epochs; epoch++) {
    tf.tidy(() => state.weight.value.assign(tf.mul(tf.ones([3]), epoch)))
    await saveNewest(folder, { model: state, description, position: { ...startPosition, epoch } }, keep)
  }
  state.weight.value.dispose()
  return folder
}

/** What going on would start from. */
async function newest(folder: RunFolder) {
  const state = model()
  try {
    const { position, damaged } = await loadNewest(folder, { model: state, optimiser: {} })
    return { epoch: position.epoch, weight: state.weight.value.dataSync()[0], damaged }
  } finally {
    state.weight.value.dispose()
  }
}

const flipped = async (file: string, at: number) => {
  const bytes = await readFile(file)
  bytes[at < 0 ? bytes.length + at : at]! ^= 1
  await writeFile(file, bytes)
}

describe('the checkpoints of a run', () => {
  it.each([
    [1, ['last.safetensors']],
    [undefined, ['last-1.safetensors', 'last.safetensors']],
    [3, ['last-1.safetensors', 'last-2.safetensors', 'last.safetensors']],
  ])('are as many as are kept, and the newest is used: %s', async (keep, files) => {
    const folder = await series(5, keep)
    expect((await readdir(folder.path)).sort()).toEqual(files)
    expect(await newest(folder)).toEqual({ epoch: 5, weight: 5, damaged: [] })
  })

  it('are fewer from now on where fewer are kept; the best is never one of those that go', async () => {
    const folder = newFolder()
    await smallRun(folder, { keep: 3, epochs: 4 })
    const names = async () => (await readdir(folder)).filter((name) => name.endsWith('.safetensors')).sort()
    expect(await names()).toEqual([
      'best.safetensors',
      'last-1.safetensors',
      'last-2.safetensors',
      'last.safetensors',
    ])
    const best = await readFile(join(folder, 'best.safetensors'))
    await smallRun(folder, { keep: 1, epochs: 5, schedule: () => 1e-9 }, { resume: true })
    expect(await names()).toEqual(['best.safetensors', 'last.safetensors'])
    expect((await readFile(join(folder, 'best.safetensors'))).equals(best)).toBe(true)
  })

  it.each<[string, (file: string) => Promise<void>]>([
    ['is cut off', (file) => truncate(file, 100)],
    ['is empty', (file) => truncate(file, 0)],
    ['has a changed weight', (file) => flipped(file, -1)],
    ['has a changed position', async (file) => flipped(file, (await readFile(file)).indexOf('lossSum') + 10)],
  ])('give way to the one before where the newest %s, which is said', async (_, damage) => {
    const folder = await series(4)
    await damage(folder.last)
    expect(await newest(folder)).toEqual({
      epoch: 3,
      weight: 3,
      damaged: [
        expect.stringMatching(
          /last\.safetensors: (not a valid|an empty file) .*; going on from last-1\.safetensors, the one before$/,
        ),
      ],
    })
    expect((await readdir(folder.path)).sort()).toEqual(['last.safetensors', 'last.safetensors.damaged'])
    expect(await newest(folder)).toEqual({ epoch: 3, weight: 3, damaged: [] })
  })

  it('that are all damaged are refused', async () => {
    const folder = await series(4)
    await truncate(folder.last, 9)
    await truncate(join(folder.path, 'last-1.safetensors'), 9)
    await expect(newest(folder)).rejects.toThrow(
      /last\.safetensors: not a valid .*, nor can the 1 before it$/,
    )
  })

  it('lead a run whose newest is damaged to the very end of one without damage', async () => {
    const whole = await smallRun(newFolder(), { epochs: 3 })
    const folder = newFolder()
    await smallRun(folder, { epochs: 2 })
    await truncate(join(folder, 'last.safetensors'), 1000)
    const resumed = await smallRun(folder, { epochs: 3 }, { resume: true })
    expect(resumed.damaged).toHaveLength(1)
    expect(resumed.outcome.position).toEqual(whole.outcome.position)
    for (const file of ['last', 'best', 'record'] as const) {
      expect((await readFile(resumed.files[file])).equals(await readFile(whole.files[file])), file).toBe(true)
    }
  })
})

describe('a process that is killed while it saves checkpoints', () => {
  it('leaves one that is whole, whenever it is', async () => {
    const folder = await openRunFolder(newFolder())
    const dist = (path: string) => JSON.stringify(pathToFileURL(join(import.meta.dirname, path)).href)
    const code = `
      const { loadEngine, tf } = await import(${dist('../../../engine/dist/index.js')})
      const { kept } = await import(${dist('../../../nn/dist/index.js')})
      const { openRunFolder, saveNewest, startPosition } = await import(${dist('../../dist/index.js')})
      await loadEngine()
      const folder = await openRunFolder(${JSON.stringify(folder.path)})
      const weight = kept('plain', () => tf.zeros([3]))
      for (let epoch = 1; ; epoch++) {
        weight.value.assign(tf.mul(tf.ones([3]), epoch))
        const position = { ...startPosition, epoch }
        await saveNewest(folder, { model: { weight }, description: ${JSON.stringify(description)}, position })
        if (epoch === 5) console.log('saving')
      }`
    for (const delay of [0, 3, 7]) {
      const child = spawn(process.execPath, ['--input-type=module', '--eval', code])
      child.stdout.once('data', () => setTimeout(() => child.kill('SIGKILL'), delay))
      await new Promise((done) => child.once('close', done))
      const { epoch, weight, damaged } = await newest(folder)
      expect({ weight, damaged }).toEqual({ weight: epoch, damaged: [] })
      expect(epoch).toBeGreaterThan(0)
    }
  })
})
