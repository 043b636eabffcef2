import { join } from 'node:path'
import spawn from 'nano-spawn'
import { workspaceRoot, type WorkspacePackage } from './workspace.js'

/** Packs the packages into `folder` and returns the path of each package's tarball by its name. */
export async function packAll(
  packages: readonly WorkspacePackage[],
  folder: string,
): Promise<Map<string, string>> {
  const workspaces = packages.map(({ manifest }) => `--workspace=${manifest.name}`)
  const { stdout } = await spawn('npm', ['pack', '--json', '--pack-destination', folder, ...workspaces], {
    cwd: workspaceRoot,
  })
  const packed = JSON.parse(stdout) as { name: string; filename: string }[]
  return new Map(packed.map(({ name, filename }) => [name, join(folder, filename)]))
}
