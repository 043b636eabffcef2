import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { InputError } from '@m2l/engine'
import { requireWritable } from './index.js'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'm2l-writable-'))
  await writeFile(join(folder, 'there'), 'x')
})
afterAll(() => rm(folder, { recursive: true }))

it.each(['there', 'new'])('%s can be written, and nothing is left of the trial', async (name) => {
  await requireWritable(join(folder, name), 'the page')
  expect(await readdir(folder)).toEqual(['there'])
})

it.each([
  ['none/page', 'its folder does not exist'],
  ['there/page', 'its folder is a file'],
  ['', 'it is a folder'],
])('%j is refused', async (name, why) => {
  const file = join(folder, name)
  await expect(requireWritable(file, 'the page')).rejects.toThrow(
    new InputError(`${file}: expected a file to write the page to, but ${why}; name another`),
  )
})
