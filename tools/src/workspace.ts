import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The fields of a `package.json` that the tools read. */
export interface PackageManifest {
  readonly name: string
  readonly version: string
  readonly exports: Readonly<Record<string, { readonly default: string }>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}

/** A public package of the workspace. */
export interface WorkspacePackage {
  /** Its folder's name below `packages/`, which is its name without the scope. */
  readonly id: string
  readonly folder: string
  readonly manifest: PackageManifest
}

/** The root folder of the workspace, the same seen from `tools/src` and from `tools/dist`. */
export const workspaceRoot = fileURLToPath(new URL('../..', import.meta.url))

/** Every package below `packages/`, in the order of their names. */
export function workspacePackages(): WorkspacePackage[] {
  const packages = join(workspaceRoot, 'packages')
  return readdirSync(packages, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name: id }) => {
      const folder = join(packages, id)
      return { id, folder, manifest: readJson<PackageManifest>(join(folder, 'package.json')) }
    })
    .toSorted((a, b) => (a.id < b.id ? -1 : 1))
}

/** The packages of the workspace that `id` stands on, directly or through others, and `id` itself. */
export function withDependencies(id: string, packages: readonly WorkspacePackage[]): WorkspacePackage[] {
  const found = new Set<WorkspacePackage>()
  const visit = (name: string): void => {
    const visited = packages.find(({ manifest }) => manifest.name === name)
    if (!visited || found.has(visited)) return
    found.add(visited)
    Object.keys(visited.manifest.dependencies ?? {}).forEach(visit)
  }
  visit(`@m2l/${id}`)
  return [...found]
}

/** Reads a JSON file, without checking its shape. */
export function readJson<Shape>(path: string): Shape {
  return JSON.parse(readFileSync(path, 'utf8')) as Shape
}
