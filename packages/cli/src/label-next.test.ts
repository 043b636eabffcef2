import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { m2lHere, pattern, temporaryFolder } from './m2l-process.test.helper.js'

let folder: string
const words = ['classify', '--support', 'examples', '--query', 'photos', '--weights', 'emoji-conv64f']
const here = (...more: string[]) => m2lHere(folder, ...words, ...more)

interface Report {
  readonly labelNext: { file: string; reason: string; why: string }[]
  readonly predictions: { file: string; familiarity: number; isExample?: true }[]
}

beforeAll(async () => {
  folder = await temporaryFolder()
  for (const [kind, name] of ['fox', 'hen', 'owl'].entries()) {
    await write(`examples/${name}`, [0, 1, 2], kind)
    await write('photos', [4, 5, 6], kind)
  }
  for (const kind of [5, 6, 7]) await write('photos', [0, 1], kind)
  await copyFile(join(folder, 'examples/fox/0-0.png'), join(folder, 'photos/example.png'))
  await copyFile(join(folder, 'photos/0-4.png'), join(folder, 'photos/0-4 copy.png'))
})

async function write(place: string, numbers: readonly number[], kind: number) {
  await mkdir(join(folder, place), { recursive: true })
  for (const number of numbers) {
    await writeFile(join(folder, place, `${kind}-${number}.png`), await pattern(kind, number))
  }
}

test('classify proposes pictures to label, each with its reason, and the same ones again', async () => {
  const { stdout } = await here('--unknown', 'auto', '--json')
  const { labelNext, predictions } = JSON.parse(stdout) as Report
  expect(labelNext.map(({ reason }) => reason)).toEqual(['unfamiliar', 'tie', 'cluster', 'unfamiliar', 'tie'])
  const others = predictions.filter(({ isExample }) => !isExample)
  const least = others.toSorted((a, b) => a.familiarity - b.familiarity)[0]!
  expect(labelNext[0]).toEqual({
    file: least.file,
    reason: 'unfamiliar',
    why: `least like the examples (familiarity ${least.familiarity.toFixed(2)}): perhaps of a class that has none`,
  })
  expect(new Set(labelNext.map(({ file }) => file)).size).toBe(5)
  const again = JSON.parse((await here('--json')).stdout) as Report
  expect(again.labelNext).toEqual(labelNext)
})

test('as many are proposed as are asked for; examples are not, and copies once', async () => {
  const all = JSON.parse((await here('--label-next', '99', '--json')).stdout) as Report
  const files = all.labelNext.map(({ file }) => file)
  expect(files).toHaveLength(3 * 3 + 3 * 2)
  expect(files).not.toContain('photos/example.png')
  const none = JSON.parse((await here('--label-next', '0', '--json')).stdout) as Report
  expect(none.labelNext).toEqual([])
  expect((await here('--label-next', '2')).stdout).toMatch(
    /\nas further examples these would help most; put each into the folder of its class\nlabel next: photos\/.*\.png \(least like the examples .*\)\nlabel next: .*\(hard to tell: \w+ [\d.]+ % or \w+ [\d.]+ %\)\n$/,
  )
  const table = await here('--label-next', '3', '--csv')
  expect(table.stdout).not.toContain('label next')
  expect(table.stderr).toMatch(/\nlabel next: .* \(typical of \d+ pictures that look alike, so that .*\)\n$/)
  expect((await here()).stdout).not.toContain('label next')
})

test('the page shows them', async () => {
  await here('--report', 'page.html', '--quiet')
  const page = await readFile(join(folder, 'page.html'), 'utf8')
  const section = page.split('<h2>').find((part) => part.startsWith('Label these next'))!
  expect(section.match(/src="data:image\/webp;base64,/g)).toHaveLength(5)
  expect(section).toContain('least like the examples')
})
