import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { InputError, loadEngine } from '@m2l/engine'
import { cacheFolder } from './index.js'

vi.mock('node:os', async (original) => {
  const os = await original<typeof import('node:os')>()
  return { ...os, homedir: vi.fn<typeof os.homedir>(os.homedir) }
})

const before = { ...process.env }
beforeEach(() => {
  delete process.env.M2L_CACHE
  delete process.env.XDG_CACHE_HOME
})
afterEach(() => {
  process.env = { ...before }
  vi.mocked(homedir).mockReset()
})

describe('the cache of a user', () => {
  it('is where M2L_CACHE says, whatever its path looks like', () => {
    process.env.M2L_CACHE = `-my cache/O'Brien`
    expect(cacheFolder()).toBe(resolve(`-my cache/O'Brien`))
  })

  it.runIf(process.platform === 'linux').each([
    [undefined, '/home/u/.cache/m2l'],
    ['', '/home/u/.cache/m2l'],
    ['/caches', '/caches/m2l'],
    ['relative', '/home/u/.cache/m2l'],
  ])('with XDG_CACHE_HOME=%s is %s', (caches, folder) => {
    vi.mocked(homedir).mockReturnValue('/home/u')
    if (caches !== undefined) process.env.XDG_CACHE_HOME = caches
    expect(cacheFolder()).toBe(folder)
  })
})

describe('a user without a home', () => {
  const homes: [string, () => string][] = [
    ['whom the system does not know', () => { throw new Error('uv_os_homedir returned ENOENT') }], // prettier-ignore
    ['whose HOME is empty', () => ''],
  ]

  it.each(homes)('%s is told what to set', (_, home) => {
    vi.mocked(homedir).mockImplementation(home)
    expect(cacheFolder).toThrow(InputError)
    expect(cacheFolder).toThrow(/^this user has no home folder.*; set M2L_CACHE to a folder for it$/)
    process.env.M2L_CACHE = '/caches'
    expect(cacheFolder()).toBe(join('/caches'))
  })

  it('computes on, with one line', async () => {
    vi.mocked(homedir).mockImplementation(homes[0]![1])
    const lines: string[] = []
    const { backend } = await loadEngine({ warn: (line) => lines.push(line) })
    expect(backend).toBe('wasm')
    expect(lines).toEqual([expect.stringMatching(/no home folder.*set M2L_CACHE.*; going on with/)])
  })
})
