import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadEngine } from '@m2l/engine'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { differencesOf } from './differences.js'
import { runNames, trainOnOrAnew } from './training.js'

let root: string
const run = () => join(root, 'whole', runNames[1])
beforeAll(async () => {
  await loadEngine({ device: 'cpu' })
  root = await mkdtemp(join(tmpdir(), 'm2l-differences-'))
  await trainOnOrAnew(join(root, 'whole'))
})
afterAll(() => rm(root, { recursive: true }))

/** A copy of the run. */
async function copyOfRun(): Promise<string> {
  const copy = await mkdtemp(join(root, 'copy-'))
  await cp(run(), copy, { recursive: true })
  return copy
}

describe('how a killed run differs from one that was left in peace', () => {
  it('not at all where it is the same', async () => {
    expect(await differencesOf(run(), await copyOfRun())).toEqual([])
  })

  it.each(['last.safetensors', 'best.safetensors', 'record.txt'])(
    '%s has a byte changed, or is missing',
    async (name) => {
      const copy = await copyOfRun()
      const bytes = await readFile(join(copy, name))
      bytes[bytes.length - 1]! ^= 1
      await writeFile(join(copy, name), bytes)
      expect(await differencesOf(run(), copy)).toEqual([name])
      await rm(join(copy, name))
      expect(await differencesOf(run(), copy)).toEqual([name])
    },
  )

  it('the log lacks its end', async () => {
    const copy = await copyOfRun()
    const log = (await readdir(copy)).find((name) => name.startsWith('events.out.tfevents.'))!
    const bytes = await readFile(join(copy, log))
    await writeFile(join(copy, log), bytes.subarray(0, -1))
    const [difference, ...others] = await differencesOf(run(), copy)
    expect(difference).toMatch(/^logs \(\d+ scalars, \d+ after kills\)$/)
    expect(others).toEqual([])
  })

  it('a run without its files compares with nothing', async () => {
    await expect(differencesOf(join(root, 'nowhere'), run())).rejects.toThrow('ENOENT')
  })
})
