import { execFileSync } from 'node:child_process'
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { InputError } from '@m2l/engine'
import { readRegularFile, writeFileAtomically } from './index.js'

let folder: string
const server = createServer()
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'm2l-regular-'))
  execFileSync('mkfifo', [join(folder, 'pipe')])
  await new Promise<void>((done) => server.listen(join(folder, 'socket'), done))
  await symlink('pipe', join(folder, 'link'))
})
afterAll(async () => {
  await new Promise((done) => server.close(done))
  await rm(folder, { recursive: true })
})

describe('only regular files are read, and replaced', () => {
  test.each([
    ['pipe', 'a pipe'],
    ['link', 'a pipe'],
    ['socket', 'a socket'],
    ['.', 'a folder'],
    ['/dev/zero', 'a device'],
  ])('%s is refused', async (name, kind) => {
    const path = name.startsWith('/') ? name : join(folder, name)
    await expect(readRegularFile(path)).rejects.toThrow(
      new InputError(`${path}: is ${kind}; expected a regular file`),
    )
    await expect(writeFileAtomically(path, 'x')).rejects.toThrow(
      new InputError(`${path}: is ${kind}; name a regular file, or one to be made`),
    )
  })

  test('files of the kernel and files behind links are read; a link is written through', async () => {
    expect(String(await readRegularFile('/proc/self/status'))).toContain('Pid:')
    await writeFile(join(folder, 'real'), 'old')
    await symlink('real', join(folder, 'alias'))
    expect(String(await readRegularFile(join(folder, 'alias')))).toBe('old')
    await writeFileAtomically(join(folder, 'alias'), 'new')
    expect(String(await readRegularFile(join(folder, 'real')))).toBe('new')
  })
})
