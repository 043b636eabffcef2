import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { makeFolder } from './index.js'

const folder = mkdtempSync(join(tmpdir(), 'm2l-make-folder-'))
afterAll(() => rmSync(folder, { recursive: true }))

describe('makeFolder', () => {
  it('makes those above it, and says which is the outermost that it made', async () => {
    expect(await makeFolder(join(folder, 'a', 'b', 'c'))).toBe(join(folder, 'a'))
    expect(statSync(join(folder, 'a', 'b', 'c')).isDirectory()).toBe(true)
    expect(await makeFolder(join(folder, 'a', 'd'))).toBe(join(folder, 'a', 'd'))
  })

  it('leaves what is there alone', async () => {
    expect(await makeFolder(folder)).toBeUndefined()
    expect(await makeFolder('/')).toBeUndefined()
  })

  it('may be called several times at once', async () => {
    const deep = join(folder, 'x', 'y', 'z')
    await Promise.all(Array.from({ length: 10 }, () => makeFolder(deep)))
    expect(existsSync(deep)).toBe(true)
  })

  it('is refused where a file is in the way', async () => {
    const file = join(folder, 'file')
    writeFileSync(file, '')
    await expect(makeFolder(file)).rejects.toThrow(/EEXIST/)
    await expect(makeFolder(join(file, 'inner', 'more'))).rejects.toThrow(/ENOTDIR/)
  })

  it.runIf(process.platform === 'linux')('ends where the system makes no folders', async () => {
    await expect(makeFolder('/proc/nope/inner/more')).rejects.toThrow(/ENOENT.*'\/proc\/nope'/)
  })
})
