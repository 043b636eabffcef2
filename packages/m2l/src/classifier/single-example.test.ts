import { join } from 'node:path'
import { loadEngine } from '@m2l/engine'
import { beforeAll, expect, it } from 'vitest'
import { classifyPictures } from '../index.js'
import { patterns, temporaryFolder, writeClasses } from './patterns.test.helper.js'

beforeAll(async () => {
  await loadEngine()
})

it.each([
  ['is told beside larger ones', [3, 1, 3], ['kind 1']],
  ['is told for each', [1, 3, 1], ['kind 0, kind 2']],
  ['is not told where all have one', [1, 1, 1], []],
  ['is not there', [2, 3, 2], []],
])('a class of a single example %s', async (_, counts, told) => {
  const folder = await temporaryFolder()
  const support = join(folder, 'examples')
  await writeClasses(
    support,
    Object.fromEntries(counts.map((number, kind) => [`kind ${kind}`, patterns(kind, number)])),
  )
  const { notes } = await classifyPictures({ support, query: [support], weights: 'emoji-conv64f' })
  expect(notes.filter((line) => line.includes('single example'))).toEqual(
    told.map((names) => expect.stringContaining(`a single example, others more: ${names}; answers`)),
  )
})
