import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { capturedOutput } from '../captured-output.test.helper.js'
import { runFuzzCommand } from './command.js'
import { readers } from './readers.js'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'm2l-fuzz-test-'))
})
afterAll(() => rm(folder, { recursive: true }))

const fuzz = (...args: string[]) => capturedOutput(() => runFuzzCommand(args, folder))
const count = expect.any(Number) as number

describe('the fuzzer', () => {
  it('finds nothing in any reader, and prints one line of JSON and nothing else', async () => {
    const { exitCode, stdout, stderr } = await fuzz('--runs', '4000', '--json')
    expect(stderr).toBe('')
    expect(stdout).toMatch(/^[^\n]+\n$/)
    const right = {
      runs: count,
      accepted: count,
      refused: count,
      crashes: 0,
      hangs: 0,
      overMemory: 0,
      seconds: count,
    }
    expect(JSON.parse(stdout)).toEqual({
      runs: 4000,
      crashes: 0,
      hangs: 0,
      overMemory: 0,
      perReader: Object.fromEntries(readers.map(({ name }) => [name, right])),
    })
    expect([exitCode, existsSync(join(folder, 'fuzz-findings'))]).toEqual([0, false])
  }, 600_000)

  it('reads the same inputs for the same seed, and prints a table', async () => {
    const table = async (seed: string) => {
      const { stdout } = await fuzz('--runs', '300', '--reader', 'csv', '--reader', 'pickle', '--seed', seed)
      return Array.from(stdout.matchAll(/(csv|pickle) +│ (\d+) +│ (\d+) +│ (\d+) +│ 0 +│ 0 +│ 0 /g), (row) =>
        row.slice(1, 5),
      )
    }
    const first = await table('1')
    expect(first.map(([name]) => name)).toEqual(['pickle', 'csv'])
    expect(await table('1')).toEqual(first)
    expect(await table('2')).not.toEqual(first)
  })

  it('reads one file again', async () => {
    await writeFile(join(folder, 'x.csv'), 'filename,label\na.png,ant\n')
    const { exitCode, stdout } = await fuzz('--reader', 'csv', '--replay', 'x.csv', '--json')
    expect(JSON.parse(stdout)).toMatchObject({ runs: 1, perReader: { csv: { accepted: 1, refused: 0 } } })
    expect(exitCode).toBe(0)
  })

  it.each([
    [['--runs', 'many'], '--runs is many; expected a whole number from 1'],
    [['--runs', '0'], '--runs is 0; expected a whole number from 1'],
    [['--seed', '-1'], 'argument is ambiguous'],
    [['--reader', 'word'], '--reader word is unknown; expected names out of safetensors, '],
    [['--replay', 'x'], '--replay needs one --reader NAME'],
    [['--reader', 'csv', '--replay', 'nowhere'], 'nowhere: cannot be read; name an input that was found'],
    [['--fast'], "Unknown option '--fast'"],
    [['word'], 'Unexpected argument'],
  ])('%j ends with 2 and one line', async (args, message) => {
    const { exitCode, stdout, stderr } = await fuzz(...args)
    expect(stderr).toContain(message)
    expect([exitCode, stdout, stderr.match(/\n/g)?.length]).toEqual([2, '', 1])
  })

  it('helps', async () => {
    const { exitCode, stdout } = await fuzz('--help')
    expect(stdout).toMatch(/^usage: npm run fuzz -- \[options\]/)
    for (const { name } of readers) expect(stdout).toContain(name)
    expect(exitCode).toBe(0)
  })
})
