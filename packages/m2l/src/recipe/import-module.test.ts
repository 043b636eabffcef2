import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { parseRecipe, readRecipeText } from '../index.js'

const stripsTypes = Boolean((process.features as { readonly typescript?: string }).typescript)
const level = (name: string) =>
  `const schema = { strict: () => schema }
  export default { name: '${name}', options: schema, create: () => ({}) }`
const files: Readonly<Record<string, string>> = {
  'level.mjs': level('plain'),
  'level.ts': `interface Unused { readonly a: number }\n${level('typed')}`,
  'level.tsx': level('typed'),
  'throws.mjs': '\n\nthrow new TypeError("no luck\\nat all")',
  'null.mjs': 'throw null',
  'named.mjs': 'export const a = 1, b = 2',
  'empty.mjs': '',
  'three.mjs': 'export default 3',
  'pixel.mjs': level('pixel'),
}

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'm2l-imports-'))
  await mkdir(join(folder, 'recipes'))
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
})
afterAll(() => rm(folder, { recursive: true }))

const known = async (name: string) => {
  const recipe = await readRecipeText(`model: { imports: ['${name}'] }`, join(folder, 'recipes/r.yaml'))
  return recipe.resolved.known
}
const imported = async (name: string) => (await known(name)).levels.names.at(-1)

it('imports a module relative to the recipe, also by its address', async () => {
  expect(await imported('../level.mjs')).toBe('plain')
  expect(await imported(`file://${folder}/level.mjs`)).toBe('plain')
})

it.runIf(stripsTypes)('imports TypeScript where Node.js strips types', async () => {
  expect(await imported('../level.ts')).toBe('typed')
})

it.runIf(!stripsTypes)('says what to do with TypeScript elsewhere', async () => {
  await expect(imported('../level.ts')).rejects.toThrow(
    `r.yaml: model.imports: ../level.ts is TypeScript, which this Node.js (${process.version}) does not run; compile it to JavaScript (tsc) and name the .js file, or use Node.js 22.18 or later`,
  )
})

it.each([
  [
    '../level.tsx',
    '../level.tsx: Node.js runs no .tsx files; compile it to JavaScript and name the .js file',
  ],
  [
    '../throws.mjs',
    /^\S+r\.yaml: model\.imports: \.\.\/throws\.mjs cannot be imported: it throws TypeError: no luck( \(.*throws\.mjs line 3\))?$/,
  ],
  ['../null.mjs', '../null.mjs cannot be imported: it throws null'],
  [
    '../named.mjs',
    'expected the default export of ../named.mjs to be a level or a backbone (see defineLevel of @m2l/metric, defineBackbone of @m2l/backbones), found none, only a, b',
  ],
  ['../empty.mjs', 'found no export at all'],
  ['../three.mjs', 'found something else'],
  ['../pixel.mjs', 'two levels are named pixel; rename one'],
  [
    '../missing.mjs',
    /\.\.\/missing\.mjs cannot be imported: Cannot find module .*missing\.mjs; paths are relative to the recipe$/,
  ],
  ['..', '.. is a folder; name a file in it, such as ../index.js'],
  [
    'no-such-level',
    'there is no package no-such-level; install it beside the recipe (npm install no-such-level), or name a file, such as ./module.js',
  ],
  [
    'http://levels.example/level.js',
    'http://levels.example/level.js is an address; modules are imported from files and packages: save it beside the recipe and name the file',
  ],
])('refuses %s in one line', async (name, message) => {
  const error = await imported(name).catch((reason: unknown) => reason as Error)
  expect(error).toBeInstanceOf(Error)
  expect((error as Error).message).toMatch(message)
  expect((error as Error).message).not.toContain('\n')
})

it('says that a file beside the recipe lacks its ./', async () => {
  await writeFile(join(folder, 'recipes/own.mjs'), level('own'))
  await expect(imported('own.mjs')).rejects.toThrow(
    'there is no package own.mjs; for the file beside the recipe write ./own.mjs',
  )
  expect(await imported('./own.mjs')).toBe('own')
})

it('refuses a text that imports where nothing can be imported', () => {
  expect(() => parseRecipe('model: { imports: [./level.mjs] }', 'r.yaml')).toThrow(
    'r.yaml: model.imports: ./level.mjs is not imported here, since that takes time; read the recipe with readRecipe or readRecipeText',
  )
})
