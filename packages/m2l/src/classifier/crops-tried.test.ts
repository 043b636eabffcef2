import { join } from 'node:path'
import { loadEngine } from '@m2l/engine'
import { beforeAll, describe, expect, it } from 'vitest'
import { classifyPictures, FewShotClassifier } from '../index.js'
import { pattern, patterns, temporaryFolder, writeClasses } from './patterns.test.helper.js'

beforeAll(async () => {
  await loadEngine()
})

/** Whether crops were tried, of pictures of these sides, by a network whose input has a side of 32. */
async function triesCrops(sides: readonly number[]): Promise<boolean> {
  const options = { head: 'centred', features: 'Centre' } as const
  const classifier = await FewShotClassifier.load('emoji-conv64f', options)
  try {
    for (const [kind, side] of sides.entries()) {
      const images = [0, 1, 2].map((number) => pattern(kind, number, side))
      await classifier.add(`kind ${kind}`, images)
    }
    const { tried } = await classifier.choose()
    return tried.some(({ views, accuracy }) => views === 'crops' && accuracy !== null)
  } finally {
    classifier.dispose()
  }
}

describe('crops of pictures', () => {
  it('are tried where crops of two thirds are as large as the input, and cost nothing elsewhere', async () => {
    expect(await triesCrops([48, 60, 100])).toBe(true)
    expect(await triesCrops([32, 40, 46])).toBe(false)
    expect(await triesCrops([100, 40, 100])).toBe(false)
  })

  it.each([
    ['one example a class', [1, 1, 1]],
    ['several of one class', [1, 5, 1]],
  ])('tell weights apart from a folder, which is closed by then: %s', async (_, counts) => {
    const folder = await temporaryFolder()
    const [support, query] = [join(folder, 'examples'), join(folder, 'photos')]
    const classes = (numbers: readonly number[], first: number) =>
      Object.fromEntries(numbers.map((count, kind) => [`kind ${kind}`, patterns(kind, count, first)]))
    await writeClasses(support, classes(counts, 0))
    await writeClasses(query, classes([2, 2, 2], 9))
    const { choice, accuracy } = await classifyPictures({ support, query: [query] })
    expect(choice).toMatchObject({ by: 'crops by the examples' })
    expect(accuracy).toBe(1)
  })
})
