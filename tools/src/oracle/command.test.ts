import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { capturedOutput } from '../captured-output.test.helper.js'
import { runOracleCommand } from './command.js'
import { compare, type Outcome } from './compare.js'
import { oracleReport, reportJson, reportTable } from './report.js'
import type { ListedPicture } from './pictures.js'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'm2l-oracle-test-'))
})
afterAll(() => rm(folder, { recursive: true }))

const pixels = Uint8Array.of(10, 20, 30, 40, 50, 60)
const shifted = (levels: number) => pixels.map((level) => level + levels)

/** A picture of two pixels, what Pillow is to have read from it, and what was to have been written. */
async function made(name: string, pillow?: Uint8Array, rule?: Uint8Array): Promise<ListedPicture> {
  const bytes = await sharp(pixels, { raw: { width: 2, height: 1, channels: 3 } })
    .png()
    .toBuffer()
  await writeFile(join(folder, name), bytes)
  if (pillow) await writeFile(join(folder, `${name}.pillow`), pillow)
  if (rule) await writeFile(join(folder, `${name}.rule`), rule)
  return {
    file: name,
    group: 'png',
    pillow: pillow ? [2, 1] : null,
    ...(rule && { rule: [2, 1] as [number, number] }),
  }
}

describe('a picture', () => {
  it.each<[string, () => Promise<ListedPicture>, Outcome]>([
    ['as Pillow reads it, to a level', () => made('a', shifted(1)), { kind: 'same' }],
    ['that only the values tell', () => made('b', undefined, pixels), { kind: 'values' }],
    [
      'that Pillow reads wrongly',
      async () => ({ ...(await made('c', shifted(9), pixels)), why: 'float' }),
      { kind: 'explained', why: 'float' },
    ],
    [
      'that Pillow reads otherwise within bounds',
      async () => ({ ...(await made('d', shifted(3))), why: 'chroma', within: 3 }),
      { kind: 'explained', why: 'chroma' },
    ],
    [
      'beyond them',
      async () => ({ ...(await made('e', shifted(4))), why: 'chroma', within: 3 }),
      { kind: 'different', what: 'is 4 levels from Pillow' },
    ],
    [
      'that neither says',
      () => made('f', shifted(2), shifted(5)),
      { kind: 'different', what: 'is 2 levels from Pillow and 5 levels from the values written' },
    ],
    [
      'of another size',
      async () => ({ ...(await made('g', pixels)), pillow: [1, 2] }),
      { kind: 'different', what: 'is Infinity levels from Pillow' },
    ],
    [
      'that was to be refused',
      async () => ({ ...(await made('h', pixels)), refused: true }),
      { kind: 'different', what: 'is read, but was to be refused' },
    ],
  ])('%s', async (_, picture, outcome) => {
    expect(await compare(folder, await picture())).toEqual(outcome)
  })

  it('that is refused is one that was to be', async () => {
    await writeFile(join(folder, 'i'), 'BM\x36\0\0\0\0\0\0\0\x36')
    const picture = { file: 'i', group: 'other', pillow: [2, 1] as [number, number] }
    expect(await compare(folder, { ...picture, refused: true })).toEqual({ kind: 'refused' })
    expect(await compare(folder, picture)).toEqual({
      kind: 'different',
      what: 'is refused: i: is a BMP picture, which is not read; save it as JPEG or PNG',
    })
  })
})

it('counts outcomes in all and by format', () => {
  const outcomes: Outcome[] = [
    { kind: 'same' },
    { kind: 'explained', why: 'chroma' },
    { kind: 'different', what: 'is 4 levels from Pillow' },
  ]
  const groups = ['png', 'avif', 'avif']
  const pictures = groups.map((group, at) => ({ file: `${at}`, group, pillow: [1, 1] as [number, number] }))
  const list = { versions: { Pillow: '13' }, leftOut: { 'No module named x': 2 }, pictures }
  const report = oracleReport(list, outcomes)
  expect(JSON.parse(reportJson(report))).toEqual({
    pictures: 3,
    same: 1,
    values: 0,
    explained: { chroma: 1 },
    refused: 0,
    different: 1,
    differences: [{ file: '2', what: 'is 4 levels from Pillow' }],
    leftOut: { 'No module named x': 2 },
    versions: { Pillow: '13' },
  })
  expect(reportTable(report)).toMatch(/avif +│ 2 +│ 0 +│ 0 +│ 1 +│ 0 +│ 1 /)
  expect(reportTable(report)).toContain('left out: No module named x: 2\n2 is 4 levels from Pillow')
})

describe('the command', () => {
  const oracle = (...args: string[]) => capturedOutput(() => runOracleCommand(args, folder))

  it.each([
    [
      ['--python', 'no-such-python'],
      /^oracle: no-such-python cannot make pictures \(.*ENOENT.*\); install pillow, numpy and tifffile/,
    ],
    [['--python', './no-python'], /no-python cannot make pictures/],
    [['--fast'], /Unknown option '--fast'/],
    [['word'], /Unexpected argument/],
  ])('%j ends with 2 and one line', async (args, message) => {
    const before = await readdir(folder)
    const { exitCode, stdout, stderr } = await oracle(...args)
    expect(stderr).toMatch(message)
    expect([exitCode, stdout, stderr.match(/\n/g)?.length]).toEqual([2, '', 1])
    expect(await readdir(folder)).toEqual(before)
  })

  it('helps', async () => {
    const { exitCode, stdout } = await oracle('--help')
    expect(stdout).toMatch(/^usage: npm run oracle -- /)
    expect(exitCode).toBe(0)
  })
})
