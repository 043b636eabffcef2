import { mkdtemp, readFile, readdir, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { InputError } from '@m2l/engine'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { keptArchive } from './kept-archive.js'

let folder: string
let file: string
let made: number
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'm2l-emoji-'))
  file = join(folder, 'deep', 'archive.zip')
  made = 0
})
afterEach(() => rm(folder, { recursive: true }))

const bytes = Buffer.from('the bytes of an archive')
const classes = ['bee', 'cat']
const make = () => {
  made++
  return Promise.resolve({ bytes, classes })
}

test('is made once, and kept', async () => {
  expect(await keptArchive(file, make)).toEqual(classes)
  expect(await keptArchive(file, make)).toEqual(classes)
  expect(made).toBe(1)
  expect(await readFile(file)).toEqual(bytes)
  expect(await readdir(join(folder, 'deep'))).toEqual(['archive.zip', 'archive.zip.json'])
})

test.each<[string, () => Promise<void>]>([
  ['is cut off', () => truncate(file, 5)],
  ['has a changed byte', () => writeFile(file, 'the bytes of an Archive')],
  ['is gone', () => rm(file)],
  ['has no record, as after a kill between the two', () => rm(`${file}.json`)],
  ['has an empty record', () => writeFile(`${file}.json`, '')],
  ['has a record of another form', () => writeFile(`${file}.json`, '{"sha256":"0","classes":[]}')],
])('is made again when it %s', async (_, damage) => {
  await keptArchive(file, make)
  await damage()
  expect(await keptArchive(file, make)).toEqual(classes)
  expect(made).toBe(2)
  expect(await readFile(file)).toEqual(bytes)
  await keptArchive(file, make)
  expect(made).toBe(2)
})

test('may be made by several at once', async () => {
  const results = await Promise.all(Array.from({ length: 4 }, () => keptArchive(file, make)))
  expect(results).toEqual([classes, classes, classes, classes])
  expect(await keptArchive(file, make)).toEqual(classes)
  expect(made).toBe(4)
})

test('leaves nothing when making it fails', async () => {
  await expect(keptArchive(file, () => Promise.reject(new Error('no more ink')))).rejects.toThrow(
    'no more ink',
  )
  expect(await readdir(folder)).toEqual([])
})

test('names the file when it cannot be written', async () => {
  await writeFile(join(folder, 'deep'), 'a file where the folder should be')
  await expect(keptArchive(file, make)).rejects.toThrow(InputError)
  await expect(keptArchive(file, make)).rejects.toThrow(/archive\.zip: cannot be written \(.*; set M2L_CACHE/)
})
