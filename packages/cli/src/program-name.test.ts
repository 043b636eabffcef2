import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { afterEach, beforeAll, expect, test, vi } from 'vitest'
import { m2lHere, temporaryFolder } from './m2l-process.test.helper.js'

let folder: string
beforeAll(async () => {
  folder = await temporaryFolder()
  for (const place of ['bin', 'node_modules/.bin']) {
    await mkdir(join(folder, place), { recursive: true })
    await writeFile(join(folder, place, process.platform === 'win32' ? 'm2l.cmd' : 'm2l'), '')
    await chmod(join(folder, place), 0o755)
  }
})
afterEach(() => {
  vi.unstubAllEnvs()
})

/**
 * What messages call the program where it was started by some npm command and shells look at some folders.
 */
async function called(command: string | undefined, ...places: string[]): Promise<string> {
  vi.stubEnv('npm_command', command)
  vi.stubEnv('PATH', places.map((place) => join(folder, place)).join(delimiter))
  const { stderr } = await m2lHere(folder, 'train')
  const missing = await m2lHere(folder, 'weights', 'show', 'efficientnet-lite2')
  const help = await m2lHere(folder, 'classify', '--help')
  const [name] = /[a-z ]*m2l(?= train --help\n$)/.exec(stderr.split('; see ')[1]!)!
  expect(missing.stderr).toMatch(new RegExp(`; run ${name} weights get efficientnet-lite2\\n$`))
  expect(help.stdout).toMatch(new RegExp(`^Usage: ${name} classify .*Examples:\\n  ${name} classify `, 's'))
  return name
}

test('messages and help name the program as a person can type it', async () => {
  vi.stubEnv('M2L_CACHE', join(folder, 'cache'))
  expect(await called(undefined, 'bin')).toBe('m2l')
  expect(await called(undefined)).toBe('npx m2l')
  expect(await called('exec', 'bin')).toBe('npx m2l')
  // npm adds this folder to the path of what it runs
  expect(await called('run-script', 'node_modules/.bin')).toBe('npx m2l')
  expect(await called('run-script', 'node_modules/.bin', 'bin')).toBe('m2l')
})
