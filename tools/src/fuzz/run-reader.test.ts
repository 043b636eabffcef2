import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { workspaceRoot } from '../workspace.js'
import { runReader } from './run-reader.js'

const folder = await mkdtemp(join(tmpdir(), 'm2l-fuzz-test-'))
afterAll(() => rm(folder, { recursive: true }))
const module = pathToFileURL(join(workspaceRoot, 'tools/dist/fuzz/planted-readers.test.helper.js')).href

describe('a reader that', () => {
  it.each([
    ['throws', 3, 'crashes', 'TypeError'],
    ['rejects', 3, 'crashes', 'RangeError: far'],
    ['leaves a promise', 1, 'crashes', 'nobody waits'],
    ['dies', 2, 'crashes', 'SIGABRT'],
    ['speaks in lines', 1, 'crashes', 'message with control characters'],
    ['takes long', 1, 'hangs', ' s'],
    ['never ends', 2, 'hangs', 'more than'],
    ['hogs', 2, 'overMemory', ' MiB'],
  ] as const)('%s is found, and its input kept', async (reader, seed, count, what) => {
    const found = join(folder, reader)
    const patience = reader === 'never ends' ? 3000 : 60_000
    const { findings, ...report } = await runReader({ module, reader, runs: 3, seed, found, patience })
    expect(report).toMatchObject({ runs: 3, crashes: 0, hangs: 0, overMemory: 0, [count]: 1 })
    expect(findings).toHaveLength(1)
    const [{ index, what: described }] = findings as [(typeof findings)[0]]
    expect(described).toContain(what)
    const files = await readdir(found)
    expect(files).toEqual([`${reader}-${seed}-${index}.bin`])
    const again = await runReader({
      module,
      reader,
      runs: 1,
      seed: 3,
      found,
      replay: join(found, files[0]!),
      patience,
    })
    expect(again).toMatchObject({ runs: 1, [count]: 1 })
  })

  it.each([
    ['is right', 200],
    ['leaves memory to others', 8],
  ])('%s is told to be right, with what it accepted and refused', async (reader, runs) => {
    const { seconds, ...report } = await runReader({
      module,
      reader,
      runs,
      seed: 3,
      found: folder,
    })
    const { accepted, refused } = report
    expect(report).toEqual({
      runs,
      accepted,
      refused,
      crashes: 0,
      hangs: 0,
      overMemory: 0,
      findings: [],
    })
    expect(Math.min(accepted, refused, seconds)).toBeGreaterThan(0)
    expect(accepted + refused).toBe(runs)
  })
})
