import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { capturedOutput, type CapturedOutput } from '../captured-output.test.helper.js'
import { workspaceRoot } from '../workspace.js'
import { runBenchCommand } from './command.js'

let folder: string
let pictures: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'm2l-bench-'))
  pictures = join(folder, 'pictures')
  for (const name of ['a', 'b', 'c', 'd', 'e']) {
    await mkdir(join(pictures, name), { recursive: true })
    for (const picture of ['one.png', 'two.png'])
      await copyFile(join(workspaceRoot, 'tools/parity/public/native84.png'), join(pictures, name, picture))
  }
})

afterAll(() => rm(folder, { recursive: true, force: true }))

const positive = expect.toSatisfy((value: unknown) => typeof value === 'number' && value > 0) as number

/**
 * What is said without the lines in which the engine and TensorFlow tell that bf16 is slow on a processor.
 */
const withoutSlowBfloat16 = (text: string) => text.replaceAll(/^.*(precision f32 is faster|absl).*\n/gm, '')

describe('the benchmark command', () => {
  it('measures learning works and prints one line of JSON and nothing else where asked', async () => {
    const { exitCode, stdout, stderr } = await bench(
      '--work r12-train m2l-conv84 --precision bf16 --quick --rounds 1 --repeats 1 --threads 1 --json',
    )
    const alone = { ours: positive, peer: null, ratio: null, oursPeakMib: positive, peerPeakMib: null }
    expect(withoutSlowBfloat16(stderr)).toBe('')
    expect(JSON.parse(stdout)).toEqual({
      rows: ['r12-train', 'm2l-conv84'].map((work) => ({ work, precision: 'bf16', ...alone })),
    })
    expect([stdout.match(/\n/g)?.length, exitCode]).toEqual([1, 0])
  })

  it('measures works that read pictures and prints a table', async () => {
    const { exitCode, stdout } = await bench('--work images eval --data pictures --quick --rounds 1')
    expect(stdout).toMatch(/images +│ u8 +│ images\/s +│ [\d.]+ +│ - +│ - /)
    expect(stdout).toMatch(/eval +│ f32 +│ episodes\/s +│ [\d.]+ +│ - +│ - /)
    expect(exitCode).toBe(0)
  })

  it('measures the peer after us in each round', async () => {
    const line = { work: 'images', precision: 'u8', all: [2], peak_mib: 80, images_per_second: 0.5 }
    await peerRunning(`console.log('${JSON.stringify(line)}')`)
    const { stdout, stderr } = await bench('--work images --data pictures --rounds 2', ...peer)
    expect(stdout).toMatch(/images\/s +│ [\d.]+ +│ 0\.5 +│ [\d.]+ +│ \d+ +│ 80 /)
    expect(stderr.match(/(u8|peer's), round \d/g)).toEqual([
      'u8, round 1',
      "peer's, round 1",
      'u8, round 2',
      "peer's, round 2",
    ])
  })

  it("finds the peer's program in a folder beside the one where it is called", async () => {
    const line = { work: 'images', precision: 'u8', all: [2], peak_mib: 80, images_per_second: 0.5 }
    await mkdir(join(folder, 'beside', 'bench'), { recursive: true })
    await writeFile(
      join(folder, 'beside', 'bench', 'peer_torch.py'),
      `case "$*" in *--work*) echo '${JSON.stringify(line)}';; esac`,
    )
    const args = ['--work', 'images', '--data', '../pictures', '--rounds', '1', '--peer', 'sh']
    const { stdout } = await capturedOutput(() => runBenchCommand(args, join(folder, 'beside')))
    expect(stdout).toMatch(/images\/s +│ [\d.]+ +│ 0\.5 /)
  })

  it('says how it is used', async () => {
    expect(await bench('--help')).toEqual({
      exitCode: 0,
      stderr: '',
      stdout: expect.stringMatching(/^usage: /),
    })
  })

  it('measures networks that embed, made photographs included, by rates', async () => {
    const { stdout } = await bench(
      '--work lite0-embed lite0-embed-decode --quick --rounds 1 --repeats 1 --json',
    )
    const alone = { ours: positive, peer: null, ratio: null, oursPeakMib: positive, peerPeakMib: null }
    expect(JSON.parse(stdout)).toEqual({
      rows: ['lite0-embed', 'lite0-embed-decode'].map((work) => ({ work, precision: 'f32', ...alone })),
    })
  })

  it('measures the peer in ONNX Runtime too where a work says so, as images a second', async () => {
    const line = (seconds: number) =>
      JSON.stringify({ work: 'lite0-embed', precision: 'f32', all: [seconds], peak_mib: 80 })
    await peerRunning(
      `if (process.argv.includes('--compile')) throw 'no C++ compiler'`,
      `console.log(process.argv.includes('--onnxruntime') ? '${line(0.5)}' : '${line(2)}')`,
    )
    const { exitCode, stdout, stderr } = await bench(
      '--work lite0-embed --rounds 1 --repeats 1 --json',
      ...peer,
    )
    expect(withoutSlowBfloat16(stderr)).toMatch(/^bench: goes on without torch\.compile: [^\n]+\n$/)
    const [row] = (JSON.parse(stdout) as { rows: Record<string, number>[] }).rows
    expect(row).toMatchObject({ peer: 16, onnxRuntime: 64 })
    expect(row!.ratio).toBeCloseTo(row!.ours! / 16, 1)
    expect(row!.onnxRuntimeRatio).toBeCloseTo(row!.ours! / 64, 1)
    const table = await bench('--work lite0-embed --rounds 1 --repeats 1 --no-compile', ...peer)
    expect(table.stdout).toMatch(/ONNX Runtime.*ratio/)
    expect(exitCode).toBe(0)
  })

  it('goes on where the peer cannot compile', async () => {
    const line = { work: 'r12-infer', precision: 'bf16', all: [3, 1, 2], peak_mib: 80 }
    await peerRunning(
      `if (process.argv.includes('--compile')) throw 'no C++ compiler'`,
      `console.log('${JSON.stringify(line)}')`,
    )
    const options = '--work r12-infer --precision bf16 --rounds 1 --repeats 1 --json'
    const { exitCode, stdout, stderr } = await bench(options, ...peer)
    expect(withoutSlowBfloat16(stderr)).toMatch(/^bench: goes on without torch\.compile: [^\n]+\n$/)
    expect(JSON.parse(stdout)).toMatchObject({ rows: [{ peer: 2, ratio: positive, peerPeakMib: 80 }] })
    expect(exitCode).toBe(0)
  })
})

describe('what cannot be measured is refused in one line', () => {
  it.each<[RegExp, string]>([
    [/Unknown option '--wrok'.*usage: npm run bench/, '--wrok images'],
    [/images is no option; usage/, 'images'],
    [/--work r12 is unknown; expected names out of r12-train, /, '--work r12-train r12'],
    [/--precision f64 is unknown; expected names out of f32, bf16, u8/, '--precision f64'],
    [/what is measured in u8 needs --data/, '--precision u8'],
    [/r12-train is measured in f32, bf16 only/, '--work r12-train --precision u8'],
    [/--rounds is 0; expected a whole number from 1/, '--rounds 0'],
    [/--repeats is many/, '--repeats many'],
    [/--threads is 1\.5/, '--threads 1.5'],
    [/eval needs --data FOLDER/, '--work eval'],
    [/nowhere: cannot be read/, '--work eval --data nowhere'],
    [/a: has no class folders/, '--work eval --data pictures/a'],
    [/--quick makes works too small/, '--quick --peer python'],
    [/--peer-script needs --peer/, '--peer-script peer.py'],
    [/the peer cannot run.*ENOENT/, '--peer ./no-python'],
    [
      /the peer cannot run .*tools\/bench\/peer_lite\.py --help.*ENOENT/,
      '--work lite0-embed --peer ./no-python',
    ],
  ])('%s', async (message, options) => {
    await expectRefusal(message, options)
  })

  it('a peer that fails', async () => {
    const failing = `process.stderr.write('Traceback\\nNo module named torch\\n'); process.exit(1)`
    await writeFile(join(folder, 'peer.mjs'), failing)
    await expectRefusal(/the peer cannot run .*: No module named torch\n$/, '--work r12-train', ...peer)
  })

  it.each([
    ['{"work": "eval"}', /printed .*expected a measurement of images/],
    ['{"work"', /printed .*expected a measurement of images/],
    ['', /does not measure images in u8/],
  ])('a peer that prints %s', async (line, message) => {
    await peerRunning(`console.log(${JSON.stringify(line)})`)
    await expectRefusal(message, '--work images --data pictures --rounds 1 --json', ...peer)
  })

  async function expectRefusal(message: RegExp, options: string, ...more: string[]): Promise<void> {
    const { exitCode, stdout, stderr } = await bench(options, ...more)
    expect(stderr).toMatch(/^bench: [^\n]+\n$/)
    expect(stderr).toMatch(message)
    expect([exitCode, stdout]).toEqual([2, ''])
  }
})

/** A program in Node's language stands for the peer's. */
const peer = ['--peer', process.execPath, '--peer-script', 'peer.mjs']

/** Says what the peer does when it is told to measure. */
async function peerRunning(...statements: string[]): Promise<void> {
  const program = ['if (process.argv.includes("--work")) {', ...statements, '}'].join('\n')
  await writeFile(join(folder, 'peer.mjs'), program)
}

/**
 * Runs the command within this process; only one at a time.
 *
 * @param options words between blanks
 * @param more words that may hold blanks
 */
function bench(options: string, ...more: string[]): Promise<CapturedOutput> {
  return capturedOutput(() => runBenchCommand([...options.split(' '), ...more], folder))
}
