import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { entries, layers } from './package-layers.js'
import { readJson, workspacePackages, workspaceRoot, type PackageManifest } from './workspace.js'

interface TsConfig {
  readonly references: readonly { readonly path: string }[]
}

const packages = workspacePackages()
const workspaceNames = ({ manifest }: { manifest: PackageManifest }): string[] =>
  Object.keys({ ...manifest.dependencies, ...manifest.devDependencies }).filter((name) =>
    name.startsWith('@m2l/'),
  )

test('the table of layers names every package', () => {
  expect(Object.keys(layers).toSorted()).toEqual(packages.map(({ id }) => id))
})

test('the table of layers is ordered: a package stands on packages above it in the table', () => {
  const order = Object.keys(layers)
  for (const [id, below] of Object.entries(layers)) {
    for (const other of below)
      expect(order.indexOf(other), `${id} on ${other}`).toBeLessThan(order.indexOf(id))
  }
})

test('the build visits every package', () => {
  const { references } = readJson<TsConfig>(join(workspaceRoot, 'packages/tsconfig.json'))
  const visited = new Set(references.map(({ path }) => path.split('/', 1)[0]))
  expect([...visited].toSorted()).toEqual(packages.map(({ id }) => id))
})

describe.each(packages)('$id', (workspacePackage) => {
  const { id, folder, manifest } = workspacePackage
  const dependencies = workspaceNames(workspacePackage)

  test('depends on packages below it only', () => {
    const allowed = layers[id]?.map((below) => `@m2l/${below}`)
    expect(allowed).toEqual(expect.arrayContaining(dependencies))
  })

  test('depends on the versions in the workspace', () => {
    const versions = packages
      .filter(({ manifest: other }) => other.name in (manifest.dependencies ?? {}))
      .map(({ manifest: other }) => [other.name, other.version])
    expect(manifest.dependencies ?? {}).toMatchObject(Object.fromEntries(versions))
  })

  test('builds after the packages it depends on', () => {
    const projects = ['tsconfig.json', 'tsconfig.node.json'].map((name) => join(folder, name))
    const references = projects
      .filter((path) => existsSync(path))
      .flatMap((path) => readJson<TsConfig>(path).references)
    const others = references.filter(({ path }) => path !== '.')
    const built = new Set(others.map(({ path }) => `@m2l/${path.split('/')[1]}`))
    expect([...built].toSorted()).toEqual(dependencies.toSorted())
  })

  test('follows the conventions of a public package', () => {
    expect(manifest).toMatchObject({
      name: `@m2l/${id}`,
      license: 'MIT',
      type: 'module',
      publishConfig: { access: 'public' },
    })
    expect(manifest).not.toHaveProperty('private')
  })

  test('has an index and the entries that the table names, each by its source, its types and its code', () => {
    const named = Object.keys(entries).filter((entry) => entry.startsWith(`${manifest.name}/`))
    const expected = ['.', ...named.map((entry) => entry.replace(manifest.name, '.'))]
    expect(Object.keys(manifest.exports).toSorted()).toEqual(expected.toSorted())
    for (const conditions of Object.values(manifest.exports)) {
      const [, path] = /^\.\/dist\/(.+)\.js$/.exec(conditions.default) ?? []
      expect(conditions).toEqual({
        '@m2l/source': `./src/${path}.ts`,
        types: `./dist/${path}.d.ts`,
        default: `./dist/${path}.js`,
      })
    }
    expect(manifest.exports['.']!.default).toBe('./dist/index.js')
  })

  test('carries the licence and a changelog that names its version', () => {
    const licence = readFileSync(join(workspaceRoot, 'LICENSE'), 'utf8')
    expect(readFileSync(join(folder, 'LICENSE'), 'utf8')).toBe(licence)
    expect(readFileSync(join(folder, 'CHANGELOG.md'), 'utf8')).toContain(`## [${manifest.version}]`)
  })
})
