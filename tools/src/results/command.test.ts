import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import prettier from 'prettier'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { capturedOutput } from '../captured-output.test.helper.js'
import { workspaceRoot } from '../workspace.js'
import { runResultsCommand } from './command.js'
import { cardWith, writeResults } from './results.test.helper.js'

let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'm2l-results-'))
})
afterEach(() => rm(root, { recursive: true }))

const results = (...args: string[]) => capturedOutput(() => runResultsCommand(args, root))
const read = (name: string) => readFile(join(root, name), 'utf8')

const protoNet = cardWith()
const secondSeed = cardWith({ seed: 2, accuracy: { fused: 0.52, global: 0.52 } })
const m2l = cardWith({
  accuracy: { fused: 0.6, part: 0.58, pixel: 0.57, global: 0.5 },
  interval95: { fused: 0.003, part: 0.003, pixel: 0.003, global: 0.004 },
  paired: [
    { with: { recipe: 'M2L', level: 'part' }, difference: 0.02, interval95: 0.002, pPermutation: 0 },
    { with: { recipe: 'ProtoNet', level: 'fused' }, difference: 0.1, interval95: 0.004, pPermutation: 0 },
  ],
})
const pair = cardWith({
  accuracy: { fused: 0.59, part: 0.58 },
  paired: [
    { with: { recipe: 'M2L', level: 'fused' }, difference: -0.01, interval95: 0.001, pPermutation: 0 },
  ],
})
const cards = {
  'toys/ProtoNet_N5K1_Conv64F-4x': protoNet,
  'toys/ProtoNet_N5K1_Conv64F-4x.seed2': secondSeed,
  'toys/M2L_N5K1_Conv64F-4x': m2l,
  'toys/M2L_N5K1_Conv64F-4x.levels-pixel-and-part': pair,
}

describe('npm run results', () => {
  it('fails until the README has the table of the cards, and puts it there when told', async () => {
    await writeResults(root, cards)
    const differing = await results()
    expect(differing.stderr).toMatch(/^results: the table in README\.md is not that of the cards; [^\n]+\n$/)
    expect([differing.exitCode, differing.stdout]).toEqual([1, ''])

    expect((await results('--write')).exitCode).toBe(0)
    const readme = await read('README.md')
    expect(readme).toContain(
      [
        '| data set | method   | 5-way 1-shot           |',
        '| -------- | -------- | ---------------------- |',
        '| toys     | ProtoNet | 50.0 ± 0.4, 52.0 ± 0.4 |',
        '| toys     | M2L      | 60.0 ± 0.3             |',
      ].join('\n'),
    )
    expect(readme).toMatch(/^# Toys\n\nBefore\.\n[^]*\nAfter\.\n$/)
    expect(await prettier.check(readme, { parser: 'markdown' })).toBe(true)

    const again = await results()
    expect([again.exitCode, again.stderr]).toEqual([0, ''])
    await writeFile(join(root, 'README.md'), readme.replace('60.0', '61.0'))
    expect((await results()).exitCode).toBe(1)
  })

  it('makes a table of everything and a page, the same each time', async () => {
    await writeResults(root, cards)
    await results('--write')
    const [markdown, page] = [await read('results/results.md'), await read('results/results.html')]
    expect(markdown).toMatch(/\| toys +\| M2L +\| .*\| \+2\.0 ± 0\.2 \(part\) +\| \+10\.0 ± 0\.4 +\|/)
    expect(markdown).toMatch(
      /\| levels \| pixel and part +\| of the recipe \| 59\.0 ± 0\.4 +\| -1\.0 ± 0\.1 +\|/,
    )
    expect(markdown).toMatch(/\| levels \| part alone, evaluated only +\| of the recipe \| 58\.0 ± 0\.3 /)
    expect(markdown).toMatch(/\| toys\/M2L_N5K1_Conv64F-4x +\|.*\| abcdef01 \|/)
    expect(markdown).toMatch(/Planned, without a card:\n\n- toys\/M2L_N20K1_[^\n]+\n- [^\n]+graph-class\n$/)
    expect(page).toContain('Results of M2L')
    expect(page).toContain('+10.0 ± 0.4')
    await results()
    expect([await read('results/results.md'), await read('results/results.html')]).toEqual([markdown, page])
  })

  it('gives a difference that rounds to nothing no sign', async () => {
    const withDifference = (difference: number) =>
      cardWith({
        paired: [{ with: { recipe: 'M2L', level: 'fused' }, difference, interval95: 0.001, pPermutation: 1 }],
      })
    for (const [difference, text] of [
      [-0.0004, '0.0 ± 0.1'],
      [0.0004, '0.0 ± 0.1'],
      [-0.0006, '-0.1 ± 0.1'],
      [0.0006, '+0.1 ± 0.1'],
    ] as const) {
      await writeResults(root, {
        ...cards,
        'toys/M2L_N5K1_Conv64F-4x.graph-class': withDifference(difference),
      })
      await results('--write')
      expect(await read('results/results.md')).toMatch(
        new RegExp(`\\| graph +\\| class .*\\| ${text.replace('+', '\\+')} +\\|`),
      )
    }
  })

  it('prints one JSON object where asked', async () => {
    await writeResults(root, { 'toys/ProtoNet_N5K1_Conv64F-4x': protoNet })
    const { stdout, exitCode } = await results('--write', '--json')
    expect(JSON.parse(stdout)).toMatchObject({ measured: 1, readmeIsCurrent: true })
    expect([stdout.match(/\n/g)?.length, exitCode]).toEqual([1, 0])
    expect((await results('--help')).stdout).toMatch(/^usage: npm run results/)
  })

  it('tells what cannot be used in one line', async () => {
    await writeResults(root, { 'toys/Other_N5K1_Conv64F-4x': protoNet })
    await expectRefusal(/Other_N5K1_Conv64F-4x\.json: is the card of no result of plan\.yaml/)
    await rm(join(root, 'results/cards'), { recursive: true })
    await writeFile(join(root, 'README.md'), '# Toys\n')
    await expectRefusal(/README\.md: expected the table between <!-- results: start -->/)
    await writeResults(root, { 'toys/ProtoNet_N5K1_Conv64F-4x': cardWith({ seed: 0.5 }) })
    await expectRefusal(/expected a card of m2l evaluate --card, but seed: /)
    await writeFile(join(root, 'results/plan.yaml'), 'runs: [{ recipe: toys }]')
    await expectRefusal(/plan\.yaml: precision: /)
    await expectRefusal(/Unknown option '--wirte'/, '--wirte')
  })

  async function expectRefusal(message: RegExp, ...args: string[]): Promise<void> {
    const { exitCode, stdout, stderr } = await results(...args)
    expect(stderr).toMatch(/^results: [^\n]+\n$/)
    expect(stderr).toMatch(message)
    expect([exitCode, stdout]).toEqual([2, ''])
  }
})

describe('the results of this repository', () => {
  it('are those of its cards', async () => {
    const files = ['results/results.md', 'results/results.html'].map((name) => join(workspaceRoot, name))
    const contents = () => Promise.all(files.map((file) => readFile(file, 'utf8')))
    const before = await contents()
    const { exitCode, stderr } = await capturedOutput(() => runResultsCommand([], workspaceRoot))
    expect([exitCode, stderr]).toEqual([0, ''])
    expect(await contents()).toEqual(before)
  })
})
