import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { faultsOf } from './bundle-command.js'
import { bundlePackage } from './bundle-package.js'
import { classifierEntry, firstAssets } from './classifier-entry.js'

async function moduleOf(text: string): Promise<string> {
  const file = join(await mkdtemp(join(tmpdir(), 'm2l-bundle-')), 'module.mjs')
  await writeFile(file, text)
  return file
}

it('measures code and assets', async () => {
  const entry = await moduleOf('export const sum = (a, b) => a + b\n')
  const bundle = await bundlePackage(entry, { 'zeros.bin': new Uint8Array(100_000) })
  expect(bundle.files.map(({ name }) => name)).toEqual(['module.js', 'zeros.bin'])
  expect(bundle.bytes).toBeGreaterThan(100_000)
  expect(bundle.bytes).toBeLessThan(100_200)
  expect(bundle.gzip).toBeLessThan(1000)
  expect(faultsOf(bundle)).toEqual([])
})

it.each(['node:fs', 'path'])('tells imports of Node: %s', async (name) => {
  const bundle = await bundlePackage(await moduleOf(`import * as own from '${name}'\nexport default own\n`))
  expect(bundle.nodeImports).toHaveLength(1)
  expect(faultsOf(bundle)).toEqual([
    expect.stringMatching(new RegExp(`^imports ${name} \\(from .*module\\.mjs`)),
  ])
})

it('tells what is too large', () => {
  expect(faultsOf({ bytes: 9e6, gzip: 2e6, nodeImports: [], files: [] })).toEqual([
    'takes 2000000 bytes of gzip; expected at most 1500000',
  ])
})

it('finds nothing of Node in the classifier, and it within the budget', async () => {
  const bundle = await bundlePackage(classifierEntry, await firstAssets())
  expect(faultsOf(bundle)).toEqual([])
  expect(bundle.files.map(({ name }) => name)).toContain('tfjs-backend-wasm-simd.wasm')
})
