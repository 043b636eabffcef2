import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { m2lHere, pattern, temporaryFolder } from './m2l-process.test.helper.js'

const classes = 9
const name = (kind: number) => `${kind + 1}00.a_flower_of_a_long_name`
let folder: string

beforeAll(async () => {
  folder = await temporaryFolder()
  for (let kind = 0; kind < classes; kind++) {
    for (const [part, images] of Object.entries({ examples: [0, 1], photos: [5, 6] })) {
      await mkdir(join(folder, part, name(kind)), { recursive: true })
      // the last class has pictures of the first, which are confused
      const shown = part === 'photos' && kind === classes - 1 ? 0 : kind
      for (const image of images)
        await writeFile(join(folder, part, name(kind), `${image}.png`), await pattern(shown, image))
    }
  }
})

afterEach(() => {
  vi.unstubAllEnvs()
  Object.assign(process.stdout, { isTTY: undefined, columns: undefined })
})

const words = ['--support', 'examples', '--query', 'photos', '--weights', 'emoji-conv64f']

async function printed(columns: number | undefined): Promise<string[]> {
  if (columns !== undefined) Object.assign(process.stdout, { isTTY: true, columns })
  vi.stubEnv('NO_COLOR', '1')
  const { stdout } = await m2lHere(folder, 'classify', ...words)
  return stdout.split('\n')
}

describe('a confusion matrix', () => {
  test('is whole where there is room', async () => {
    const lines = await printed(400)
    const head = lines.find((line) => line.includes('class \\ label'))!
    for (let kind = 0; kind < classes; kind++) expect(head).toContain(name(kind))
  })

  test.each([[80], [undefined]])('has numbers for names where %s columns are too few', async (columns) => {
    const lines = await printed(columns)
    expect(lines.find((line) => line.includes('class \\ label'))).toMatch(/ 1 │ 2 │ 3 │ .* 9 │$/)
    for (let kind = 0; kind < classes; kind++)
      expect(lines.filter((line) => line.startsWith(`│ ${kind + 1} ${name(kind)}`))).toHaveLength(1)
    if (columns === undefined) return
    for (const line of lines.filter((one) => /^[┌├└│]/.test(one)))
      expect(line.length).toBeLessThanOrEqual(columns)
  })

  test('is a list of what is confused where even these do not fit', async () => {
    const lines = await printed(50)
    expect(lines.join('\n')).not.toContain('class \\ label')
    expect(lines.find((line) => line.includes('taken for'))).toMatch(/class .*taken for .*pictures/)
    for (const line of lines.filter((one) => /^[┌├└│]/.test(one))) expect(line.length).toBeLessThanOrEqual(50)
  })
})
