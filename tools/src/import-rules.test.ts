import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import spawn, { SubprocessError } from 'nano-spawn'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { entries, layers, portable } from './package-layers.js'
import { readJson, workspaceRoot } from './workspace.js'

let folder: string
const ids = Object.keys(layers)

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'm2l-import-rules-'))
  copyFileSync(join(workspaceRoot, '.oxlintrc.json'), join(folder, '.oxlintrc.json'))
  symlinkSync(join(workspaceRoot, 'node_modules'), join(folder, 'node_modules'))
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

/**
 * Writes the sources (path to text), lints them under the project's rules and returns `path: rule` of each
 * finding.
 */
async function lint(sources: Readonly<Record<string, string>>): Promise<string[]> {
  for (const [path, text] of Object.entries(sources)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  const oxlint = join(workspaceRoot, 'node_modules/oxlint/bin/oxlint')
  const run = spawn(process.execPath, [oxlint, '--format=json', ...Object.keys(sources)], { cwd: folder })
  const { stdout } = await run.catch((error: unknown) => {
    if (error instanceof SubprocessError && error.exitCode === 1) return error
    throw error
  })
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: { filename: string; code: string }[] }
  return diagnostics.map(({ filename, code }) => `${filename.replaceAll('\\', '/')}: ${code}`).toSorted()
}

const importOf = (specifier: string): string =>
  `import { planted } from '${specifier}'\n\nexport const used = planted\n`

const restricted = (path: string): string => `${path}: eslint(no-restricted-imports)`

describe('imports between packages', () => {
  test('go downward only: every pair of packages', async () => {
    const sources: Record<string, string> = {}
    const expected: string[] = []
    for (const from of ids) {
      for (const to of ids.filter((id) => id !== from)) {
        const path = `packages/${from}/src/imports-${to}.ts`
        sources[path] = importOf(`@m2l/${to}`)
        if (!layers[from]?.includes(to)) expected.push(restricted(path))
      }
    }
    expect(expected).not.toHaveLength(0)
    expect(await lint(sources)).toEqual(expected.toSorted())
  })

  test('name another entry than the index where the table says so only', async () => {
    const sources: Record<string, string> = {}
    const expected: string[] = []
    for (const [index, [entry, importers]] of Object.entries(entries).entries()) {
      for (const id of ids) {
        const path = `packages/${id}/src/imports-entry-${index}.ts`
        sources[path] = importOf(entry)
        if (!importers.includes(id)) expected.push(restricted(path))
      }
    }
    expect(expected).not.toHaveLength(0)
    expect(await lint(sources)).toEqual(expected.toSorted())
  })

  test('name an entry, never a file inside another package', async () => {
    const deep = ['@m2l/engine/src/random-key.js', '@m2l/engine/dist/random-key.js']
    const relative = ['../../engine/src/index.js', '../../../engine/src/random-key.js']
    const sources: Record<string, string> = {}
    for (const [index, specifier] of [...deep, ...relative].entries()) {
      sources[`packages/cli/src/deep-${index}.ts`] = importOf(specifier)
      sources[`packages/nn/src/deep-${index}.ts`] = importOf(specifier)
    }
    for (const [index, specifier] of [...deep, '../../../packages/engine/src/index.js'].entries()) {
      sources[`examples/quickstart/src/deep-${index}.ts`] = importOf(specifier)
    }
    expect(await lint(sources)).toEqual(Object.keys(sources).map(restricted).toSorted())
  })

  test('are found in every form of import', async () => {
    const sources = {
      'packages/nn/src/type-import.ts': `import type { Planted } from '@m2l/m2l'\n\nexport type Used = Planted\n`,
      'packages/nn/src/re-export.ts': `export { planted } from '@m2l/m2l'\n`,
      'packages/nn/src/dynamic-import.ts': `export const planted = await import('@m2l/m2l')\n`,
      'packages/nn/src/planted.test.ts': importOf('@m2l/m2l'),
    }
    expect(await lint(sources)).toEqual(Object.keys(sources).map(restricted).toSorted())
  })

  test('allow a file of the same package and its own folders', async () => {
    const sources = {
      'packages/nn/src/layers/convolution.ts': importOf('../module.js'),
      'packages/nn/src/layers/norm/batch.ts': importOf('../../module.js'),
    }
    expect(await lint(sources)).toEqual([])
  })
})

test('TensorFlow.js is imported by the engine alone', async () => {
  const forbidden = [
    ...ids.filter((id) => id !== 'engine').map((id) => `packages/${id}/src/tensorflow.ts`),
    'examples/quickstart/src/tensorflow.ts',
    'tools/src/tensorflow.ts',
  ]
  const sources = Object.fromEntries(
    [...forbidden, 'packages/engine/src/tensorflow.ts'].map((path) => [path, importOf('@tensorflow/tfjs')]),
  )
  expect(await lint(sources)).toEqual(forbidden.map(restricted).toSorted())
})

test('only commands write to the console', async () => {
  const silent = ids.filter((id) => id !== 'cli').map((id) => `packages/${id}/src/report.ts`)
  const speaking = [
    'packages/cli/src/report.ts',
    'packages/engine-native/src/main.ts',
    'examples/quickstart/src/report.ts',
  ]
  const sources = Object.fromEntries(
    [...silent, ...speaking].map((path) => [
      path,
      `export const report = (text: string) => console.log(text)\n`,
    ]),
  )
  expect(await lint(sources)).toEqual(silent.map((path) => `${path}: eslint(no-console)`).toSorted())
})

describe('a portable package', () => {
  const uses = {
    'module.ts': `import { readFileSync } from 'node:fs'\n\nexport const used = readFileSync\n`,
    'bare-module.ts': `import { readFileSync } from 'fs'\n\nexport const used = readFileSync\n`,
    'buffer.ts': `export const used = (text: string) => Buffer.from(text)\n`,
    'process.ts': `export const used = () => process.env.HOME\n`,
    'folder.ts': `export const used = __dirname\n`,
  }
  const rules = (name: string): string =>
    name.endsWith('module.ts') ? 'import(no-nodejs-modules)' : 'eslint(no-restricted-globals)'
  const sources = (place: string, rename = (name: string) => name): Record<string, string> =>
    Object.fromEntries(Object.entries(uses).map(([name, text]) => [`${place}/${rename(name)}`, text]))

  test.each(portable)('uses nothing of Node.js: %s', async (id) => {
    const expected = Object.keys(uses).map((name) => `packages/${id}/src/inner/${name}: ${rules(name)}`)
    expect(await lint(sources(`packages/${id}/src/inner`))).toEqual(expected.toSorted())
  })

  test('may do so in tests and in what is for Node.js alone, and packages for Node.js everywhere', async () => {
    const inTests = sources('packages/engine/src', (name) => name.replace('.ts', '.test.helper.ts'))
    const forNode = sources('packages/engine/src', (name) => name.replace('.ts', '-node.ts'))
    expect(await lint({ ...inTests, ...forNode, ...sources('packages/trainer/src') })).toEqual([])
  })

  test.each(portable)('does not know the types of Node.js when it is compiled: %s', (id) => {
    const path = join(workspaceRoot, `packages/${id}/tsconfig.json`)
    const { extends: base, compilerOptions } = readJson<{
      extends: string
      compilerOptions: { lib?: string[]; types?: string[] }
    }>(path)
    expect(base).toBe('../tsconfig.portable.json')
    expect(compilerOptions.types ?? []).toEqual([])
    expect(compilerOptions.lib ?? []).not.toContain('DOM')
  })
})
