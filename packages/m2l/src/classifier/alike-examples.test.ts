import { join } from 'node:path'
import { loadEngine } from '@m2l/engine'
import { beforeAll, expect, it } from 'vitest'
import { classifyPictures } from '../index.js'
import { pattern, temporaryFolder, writeClasses } from './patterns.test.helper.js'

beforeAll(async () => {
  await loadEngine()
})

it.each([
  ['is told where all are one picture', [0, 0], 1],
  ['is not told where classes differ', [0, 1], 0],
])('that examples look the same %s', async (_, kinds, told) => {
  const support = join(await temporaryFolder(), 'examples')
  const classes = kinds.map((kind, index) => [`class ${index}`, [pattern(kind, 0), pattern(kind, 0)]])
  await writeClasses(support, Object.fromEntries(classes))
  const { notes } = await classifyPictures({ support, query: [support], weights: 'emoji-conv64f' })
  expect(notes.filter((line) => line.startsWith('all 4 examples look the same'))).toHaveLength(told)
})
