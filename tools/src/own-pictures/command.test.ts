import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import sharp from 'sharp'
import { z } from 'zod'
import { capturedOutput, type CapturedOutput } from '../captured-output.test.helper.js'
import { runOwnPicturesCommand } from './command.js'

let folder: string

/**
 * Six classes of eight pictures, plain colours with a little of another, so that nearly every picture is
 * recognised.
 */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'm2l-own-pictures-test-'))
  for (const [way, colour] of ['red', 'lime', 'blue', 'yellow', 'black', 'white'].entries()) {
    await mkdir(join(folder, 'pictures', colour), { recursive: true })
    for (let picture = 0; picture < 8; picture++) {
      const spot = { create: { width: 4 + picture, height: 5, channels: 3, background: 'grey' } } as const
      await sharp({ create: { width: 40, height: 32, channels: 3, background: colour } })
        .composite([{ input: await sharp(spot).png().toBuffer(), left: 3 * picture, top: 2 + way }])
        .png()
        .toFile(join(folder, 'pictures', colour, `${picture}.png`))
    }
  }
  await mkdir(join(folder, 'few', 'only'), { recursive: true })
})

afterAll(() => rm(folder, { recursive: true, force: true }))

const network = '--chosen cifar-fs-conv64f --weights cifar-fs-conv64f --shipped emoji-conv64f'
const small = `--data pictures --draws 3 --ways 3 --queries 2 ${network}`

const auroc = z.number().min(0).max(1).nullable()
const reportSchema = z.object({
  draws: z.literal(3),
  ways: z.literal(3),
  folders: z.array(
    z.object({
      folder: z.string(),
      classes: z.number(),
      queries: z.array(z.number()),
      choices: z.record(z.string(), z.record(z.string(), z.number())),
      sides: z.array(
        z.object({
          side: z.string(),
          kind: z.string(),
          shots: z.number(),
          accuracy: z.object({ mean: z.number().min(0).max(1), halfWidth95: z.number() }),
          chosenLessIt: z.object({ mean: z.number(), halfWidth95: z.number() }).nullable(),
          auroc: z.object({ familiarity: auroc, probability: auroc, score: auroc }),
        }),
      ),
      speed: z.object({ features: z.number().positive() }),
    }),
  ),
})

describe('own-pictures', () => {
  it('measures ours, single heads and shipped weights in the same draws and prints JSON', async () => {
    const { exitCode, stdout, stderr } = await ownPictures(`${small} --json`)
    expect(exitCode, stderr).toBe(0)
    const [result, ...others] = reportSchema.parse(JSON.parse(stdout)).folders
    expect(others).toEqual([])
    expect(result).toMatchObject({ classes: 6, queries: [6, 6] })
    const names = [...new Set(result!.sides.map(({ side }) => side))]
    expect(names.slice(0, 2)).toEqual(['ours as chosen', 'nearest mean on cifar-fs-conv64f'])
    expect(names.at(-1)).toBe('emoji-conv64f')
    for (const side of result!.sides) {
      expect(side.accuracy.mean, `${side.side} with ${side.shots}`).toBeGreaterThan(0.6)
      const chosen = result!.sides.find(({ kind, shots }) => kind === 'chosen' && shots === side.shots)!
      const difference = chosen.accuracy.mean - side.accuracy.mean
      expect(side.chosenLessIt?.mean ?? 0).toBeCloseTo(difference, 10)
    }
    const itself = result!.sides.filter(({ chosenLessIt }) => chosenLessIt === null)
    expect(itself.map(({ kind }) => kind)).toEqual(['chosen', 'chosen'])
    const heads = result!.sides.filter(({ kind }) => kind === 'head')
    for (const { auroc: told } of heads)
      expect([told.familiarity, told.score]).toEqual([null, expect.any(Number)])
    expect(Object.values(result!.choices['5']!)).toEqual([3])
    expect(stderr).toMatch(/pictures: ours as chosen, draws, 3 of 3/)
  })

  it('gives the peer the draws and compares with what it says', async () => {
    const peer = join(folder, 'peer.mjs')
    // recognises the pictures of the first class alone, and so a third of them
    await writeFile(
      peer,
      `import { existsSync } from 'node:fs'
      import { text } from 'node:stream/consumers'
      if (!process.argv.includes('--check')) {
        const { pictures, draws, shots, threads } = JSON.parse(await text(process.stdin))
        if (threads !== 2 || !pictures.every((file) => existsSync(file))) throw new Error('no such picture')
        console.error('peer: starts')
        console.log(JSON.stringify({ speed: { withReading: 10, eager: 20, compiled: null, onnxRuntime: 30 }, versions: { torch: '2' } }))
        for (const [draw, { query, support, strangers }] of draws.entries())
          for (const shot of shots) {
            if ([...support.flat(), ...query.flat(), ...strangers].some((one) => !pictures[one])) throw new Error('no such number')
            const accuracy = query[0].length / query.flat().length
            for (const C of [0.1, 1]) {
              const side = 'logistic regression, C=' + C
              console.log(JSON.stringify({ side, shots: shot, draw, accuracy: accuracy * C, probability: 0.5, score: null }))
            }
          }
      }`,
    )
    const words = `${small} --json --threads 2 --peer ${process.execPath} --peer-script peer.mjs`
    const { exitCode, stdout, stderr } = await ownPictures(words)
    expect(exitCode, stderr).toBe(0)
    expect(stderr).toMatch(/^peer: starts$/m)
    const { sides } = reportSchema.parse(JSON.parse(stdout)).folders[0]!
    const best = sides.filter(({ side }) => side === 'peer: logistic regression, best C (1)')
    expect(best.map(({ shots }) => shots)).toEqual([1, 5])
    for (const { accuracy } of best) expect(accuracy.mean).toBeCloseTo(1 / 3, 10)
  })

  it('prints tables', async () => {
    const { exitCode, stdout } = await ownPictures(small)
    expect(exitCode).toBe(0)
    expect(stdout).toMatch(/pictures: 6 classes, 48 pictures, 6 to recognise in a draw/)
    expect(stdout).toMatch(/ours as chosen +│ 5 +│ [\d.]+ ± [\d.]+ +│ +│ [\d.]+ /)
    expect(stdout).toMatch(/chosen with 5 examples: 3 x cifar-fs-conv64f/)
  })

  it.each([
    ['', /^own-pictures: --data PATH is needed; usage/],
    ['--data nowhere', /nowhere/],
    ['--data few', /few: has 0 class folders of at least 6 pictures; expected 10, or fewer --ways$/],
    [
      '--data pictures',
      /pictures: has 6 class folders of at least 6 pictures; expected 10, or fewer --ways$/,
    ],
    ['--data pictures/red/0.png', /0.png: is a picture; expected a folder or an archive of class folders/],
    ['--data pictures --draws 1', /--draws is 1; expected a whole number from 2/],
    ['--data pictures --threads 2', /--threads are those of the peer/],
    ['--data pictures --ways 3 --peer no-such-python', /the peer cannot run \(no-such-python/],
    ['--data pictures --ways 3 --chosen no-such-weights', /no-such-weights/],
  ])('says in one line what is wrong with %j', async (words, expected) => {
    const { exitCode, stdout, stderr } = await ownPictures(words)
    expect([exitCode, stdout]).toEqual([2, ''])
    const lines = stderr.trimEnd().split('\n')
    expect(lines.at(-1)).toMatch(expected)
    expect(lines).toHaveLength(1)
  })

  it.each([
    ["console.log('{}')", /printed \{\}; expected a measurement/],
    ["console.log('nothing')", /printed no measurements/],
    ["throw new Error('out of memory')", /the peer cannot run/],
  ])('refuses a peer that does %s', async (program, expected) => {
    await writeFile(join(folder, 'bad.mjs'), `if (!process.argv.includes('--check')) { ${program} }`)
    const words = `${small} --json --peer ${process.execPath} --peer-script bad.mjs`
    const { exitCode, stdout, stderr } = await ownPictures(words)
    expect([exitCode, stdout]).toEqual([2, ''])
    expect(stderr.trimEnd().split('\n').at(-1)).toMatch(expected)
  })
})

function ownPictures(words: string): Promise<CapturedOutput> {
  return capturedOutput(() => runOwnPicturesCommand(words.split(' ').filter(Boolean), folder))
}
