import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { layers } from './package-layers.js'
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
    const { references } = readJson<TsConfig>(join(folder, 'tsconfig.json'))
    const built = references.map(({ path }) => path.replace(/^\.\.\//, '@m2l/'))
    expect(built.toSorted()).toEqual(dependencies.toSorted())
  })

  test('follows the conventions of a public package', () => {
    expect(manifest).toMatchObject({
      name: `@m2l/${id}`,
      license: 'MIT',
      type: 'module',
      publishConfig: { access: 'public' },
      exports: {
        '.': { '@m2l/source': './src/index.ts', types: './dist/index.d.ts', default: './dist/index.js' },
      },
    })
    expect(manifest).not.toHaveProperty('private')
  })

  test('carries the licence and a changelog that names its version', () => {
    const licence = readFileSync(join(workspaceRoot, 'LICENSE'), 'utf8')
    expect(readFileSync(join(folder, 'LICENSE'), 'utf8')).toBe(licence)
    expect(readFileSync(join(folder, 'CHANGELOG.md'), 'utf8')).toContain(`## [${manifest.version}]`)
  })
})
