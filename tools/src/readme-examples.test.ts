import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import spawn from 'nano-spawn'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { compileExamples } from './compile-examples.js'
import { readmeExamples } from './readme-example.js'
import { workspacePackages, workspaceRoot } from './workspace.js'

// Runs the examples against the packages as built in the workspace; the release check runs them against the
// tarballs.
const packages = workspacePackages().map(({ id, folder }) => ({ id, examples: readmeExamples(folder) }))
const examples = packages.flatMap((one) =>
  one.examples.map((text, index) => ({ id: index === 0 ? one.id : `${one.id}-${index + 1}`, text })),
)
let folder: string
let findings: string[]

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'm2l-readme-examples-'))
  symlinkSync(join(workspaceRoot, 'node_modules'), join(folder, 'node_modules'))
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }))
  const modules = examples.map(({ id, text }) => {
    writeFileSync(join(folder, `${id}.ts`), text)
    return `${id}.ts`
  })
  findings = await compileExamples(folder, modules)
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('every README has an example', () => {
  expect(packages.filter((one) => one.examples.length === 0).map(({ id }) => id)).toEqual([])
})

test('TypeScript accepts every example', () => {
  expect(findings).toEqual([])
})

test.each(examples)('the example of $id runs and prints something', async ({ id }) => {
  const { stdout } = await spawn(process.execPath, [`${id}.js`], { cwd: folder })
  expect(stdout.trim()).not.toBe('')
})
