import { rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { makeTemporaryFolder } from './index.js'

const before = process.env.TMPDIR
const made: string[] = []
afterEach(() => {
  if (before === undefined) delete process.env.TMPDIR
  else process.env.TMPDIR = before
  made.splice(0).forEach((folder) => rmSync(folder, { recursive: true }))
})

const make = (): string => {
  made.push(makeTemporaryFolder('m2l-test-'))
  return made.at(-1)!
}

describe('a temporary folder', () => {
  it('lies where the system says', () => {
    expect(dirname(make())).toBe(tmpdir())
    expect(make()).not.toBe(make())
  })

  it.each(['/no/such/folder', '/proc', 'relative', ''])('lies elsewhere where TMPDIR is %j', (folder) => {
    process.env.TMPDIR = folder
    const path = make()
    expect(statSync(path).isDirectory()).toBe(true)
    expect(dirname(path)).toMatch(/^\/(tmp|var\/tmp|dev\/shm)$/)
  })
})
