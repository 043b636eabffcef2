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
    ['throws', 'crashes', 'TypeError'],
    ['rejects', 'crashes', 'RangeError: far'],
    ['leaves a promise', 'crashes', 'nobody waits'],
    ['dies', 'crashes', 'SIGABRT'],
    ['speaks in lines', 'crashes', 'message with control characters'],
    ['takes long', 'hangs', ' s'],
    ['never ends', 'hangs', 'more than'],
    ['hogs', 'overMemory', ' MiB'],
    ['hogs the heap', 'crashes', 'heap'],
  ] as const)('%s is found, and its input kept', async (reader, count, what) => {
    const found = join(folder, reader)
    const patience = reader === 'never ends' ? 3000 : 60_000
    const runs = 4
    const { findings, ...report } = await runReader({ module, reader, runs, seed: 3, found, patience })
    const all = { crashes: 0, hangs: 0, overMemory: 0, [count]: findings.length }
    expect(report).toMatchObject({ ...all, runs })
    expect(findings.length).toBeGreaterThan(0)
    expect(findings.length).toBeLessThan(runs)
    for (const finding of findings) expect(finding.what).toContain(what)
    const files = await readdir(found)
    expect(files.toSorted()).toEqual(findings.map(({ index }) => `${reader}-3-${index}.bin`).toSorted())
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

  it('is right is told to be, with what it accepted and refused', async () => {
    const { seconds, ...report } = await runReader({
      module,
      reader: 'is right',
      runs: 200,
      seed: 3,
      found: folder,
    })
    const { accepted, refused } = report
    expect(report).toEqual({
      runs: 200,
      accepted,
      refused,
      crashes: 0,
      hangs: 0,
      overMemory: 0,
      findings: [],
    })
    expect(Math.min(accepted, refused, seconds)).toBeGreaterThan(0)
    expect(accepted + refused).toBe(200)
  })
})
