import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import spawn from 'nano-spawn'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { compileExamples } from './compile-examples.js'
import { readmeExample } from './readme-example.js'
import { workspacePackages, workspaceRoot } from './workspace.js'

// Runs the examples against the packages as built in the workspace; the release check runs them against the tarballs.
const packages = workspacePackages().map(({ id, folder }) => ({ id, example: readmeExample(folder) }))
let folder: string
let findings: string[]

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'm2l-readme-examples-'))
  symlinkSync(join(workspaceRoot, 'node_modules'), join(folder, 'node_modules'))
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }))
  const modules = packages.flatMap(({ id, example }) => {
    if (example === undefined) return []
    writeFileSync(join(folder, `${id}.ts`), example)
    return `${id}.ts`
  })
  findings = await compileExamples(folder, modules)
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('every README has an example', () => {
  expect(packages.filter(({ example }) => example === undefined).map(({ id }) => id)).toEqual([])
})

test('TypeScript accepts every example', () => {
  expect(findings).toEqual([])
})

test.each(packages)('the example of $id runs and prints something', async ({ id }) => {
  const { stdout } = await spawn(process.execPath, [`${id}.js`], { cwd: folder })
  expect(stdout.trim()).not.toBe('')
})
