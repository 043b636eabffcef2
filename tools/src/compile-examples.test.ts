import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { compileExamples } from './compile-examples.js'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'm2l-compile-examples-'))
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module' }))
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** Puts a package with this declaration file into the folder's `node_modules`. */
function install(name: string, declarations: string): void {
  const target = join(folder, 'node_modules', name)
  mkdirSync(target, { recursive: true })
  writeFileSync(join(target, 'package.json'), JSON.stringify({ name, type: 'module', exports: './index.js' }))
  writeFileSync(join(target, 'index.js'), 'export const value = 1\n')
  writeFileSync(join(target, 'index.d.ts'), declarations)
}

test('a sound module gives JavaScript and no finding', async () => {
  writeFileSync(
    join(folder, 'example.ts'),
    `const answer: number = await Promise.resolve(42)\nconsole.log(answer)\n`,
  )
  expect(await compileExamples(folder, ['example.ts'])).toEqual([])
  expect(existsSync(join(folder, 'example.js'))).toBe(true)
})

test('a type error is found', async () => {
  writeFileSync(join(folder, 'example.ts'), `export const answer: number = 'forty-two'\n`)
  expect(await compileExamples(folder, ['example.ts'])).toEqual([expect.stringContaining('TS2322')])
})

test('an error is found in our declarations and left alone in those of third parties', async () => {
  const broken = `export const value: Missing\n`
  install('third-party', broken)
  writeFileSync(join(folder, 'example.ts'), `import { value } from 'third-party'\n\nconsole.log(value)\n`)
  expect(await compileExamples(folder, ['example.ts'])).toEqual([])
  install('@m2l/ours', broken)
  writeFileSync(join(folder, 'example.ts'), `import { value } from '@m2l/ours'\n\nconsole.log(value)\n`)
  expect(await compileExamples(folder, ['example.ts'])).toEqual([expect.stringContaining('TS2304')])
})
