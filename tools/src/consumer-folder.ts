import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import spawn from 'nano-spawn'
import { compileExamples } from './compile-examples.js'
import {
  readJson,
  withDependencies,
  workspaceRoot,
  type PackageManifest,
  type WorkspacePackage,
} from './workspace.js'

/**
 * A folder outside the workspace in which one package at a time is installed from its tarball, as a user would.
 * Installing the next package lets npm remove what only the one before needed and add what is missing, which takes
 * two seconds where installing TensorFlow.js into an empty folder takes ten to twenty.
 */
export class ConsumerFolder {
  constructor(
    private readonly folder: string,
    private readonly packages: readonly WorkspacePackage[],
    private readonly tarballs: ReadonlyMap<string, string>,
  ) {
    mkdirSync(folder)
  }

  /** Leaves exactly `id`, what it depends on and Node's types in the folder; no package of ours comes from a registry. */
  async install(id: string): Promise<void> {
    const closure = withDependencies(id, this.packages).map(({ manifest }) => manifest.name)
    const tarball = (name: string): [string, string] => [name, `file:${this.tarballs.get(name)}`]
    const workspace = readJson<PackageManifest>(join(workspaceRoot, 'package.json'))
    const manifest = {
      private: true,
      type: 'module',
      dependencies: Object.fromEntries([tarball(`@m2l/${id}`)]),
      devDependencies: { '@types/node': workspace.devDependencies?.['@types/node'] },
      overrides: Object.fromEntries(closure.filter((name) => name !== `@m2l/${id}`).map(tarball)),
    }
    writeFileSync(join(this.folder, 'package.json'), JSON.stringify(manifest))
    await spawn('npm', ['install', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund'], {
      cwd: this.folder,
    })
  }

  /** Checks the example's types and writes its JavaScript. @throws Error with what TypeScript found. */
  async compile(example: string): Promise<void> {
    writeFileSync(join(this.folder, 'example.ts'), example)
    const findings = await compileExamples(this.folder, ['example.ts'])
    if (findings.length > 0) throw new Error(findings.join('\n'))
  }

  /** Runs the example as compiled and returns what it printed on stdout. */
  async run(): Promise<string> {
    const { stdout } = await spawn(process.execPath, ['example.js'], { cwd: this.folder })
    if (stdout.trim() === '') throw new Error('the example printed nothing')
    return stdout
  }
}
