import { spawnSync } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { writeFileAtomically } from './index.js'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'm2l-atomic-'))
})
afterAll(() => rm(folder, { recursive: true }))

describe('writeFileAtomically', () => {
  test('writes texts and bytes, new files and old, and leaves nothing else', async () => {
    const file = join(folder, 'content')
    await writeFileAtomically(file, 'größer')
    expect(await readFile(file, 'utf8')).toBe('größer')
    const bytes = Buffer.alloc(3_000_000, 7)
    await writeFileAtomically(file, bytes)
    expect((await readFile(file)).equals(bytes)).toBe(true)
    expect(await readdir(folder)).toEqual(['content'])
  })

  test('many writers at once leave one whole content', async () => {
    const file = join(folder, 'content')
    const contents = Array.from({ length: 8 }, (_, index) => String(index).repeat(100_000))
    await Promise.all(contents.map((content) => writeFileAtomically(file, content)))
    expect(contents).toContain(await readFile(file, 'utf8'))
    expect(await readdir(folder)).toEqual(['content'])
  })

  test("a folder that is not there is the caller's to make", async () => {
    await expect(writeFileAtomically(join(folder, 'none', 'content'), '')).rejects.toThrow('ENOENT')
  })

  test('keeps the old file where there is no room for the new', async () => {
    const file = join(folder, 'content')
    await writeFile(file, 'old')
    const module = pathToFileURL(join(import.meta.dirname, '../dist/write-file-atomically.js')).href
    const code = `
      import { writeFileAtomically } from ${JSON.stringify(module)}
      await writeFileAtomically(${JSON.stringify(file)}, Buffer.alloc(1_000_000))`
    const words = ['--input-type=module', '--eval', code]
    const limited = spawnSync('bash', ['-c', 'ulimit -f 100; exec "$0" "$@"', process.execPath, ...words], {
      encoding: 'utf8',
    })
    expect(limited.stderr).toContain('EFBIG')
    expect(limited.status).toBe(1)
    expect(await readFile(file, 'utf8')).toBe('old')
    expect(await readdir(folder)).toEqual(['content'])
  })
})
