import { mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import spawn from 'nano-spawn'
import { compileExamples } from './compile-examples.js'
import type { NodeLine } from './node-lines.js'
import { readJson, withDependencies, type WorkspacePackage } from './workspace.js'

/** What a consumer has beside his folder. */
export interface Surroundings {
  /** A home that was empty when the check began. */
  readonly home: string
  /** Configuration of npm that names the registry. */
  readonly npmConfiguration: string
  /** M2L's cache, with the native engine. */
  readonly cache: string
}

/**
 * A folder outside the workspace in which a package is installed from its tarball, as a user would: with a
 * Node.js of his, an empty home, and install scripts allowed.
 */
export class ConsumerFolder {
  constructor(
    private readonly folder: string,
    private readonly node: NodeLine,
    private readonly surroundings: Surroundings,
    private readonly packages: readonly WorkspacePackage[],
    private readonly tarballs: ReadonlyMap<string, string>,
  ) {
    this.empty()
  }

  empty(): void {
    rmSync(this.folder, { recursive: true, force: true })
    mkdirSync(this.folder, { recursive: true })
  }

  /**
   * Leaves exactly `id` and what it depends on in the folder; no package of ours comes from a registry. In a
   * folder that holds another package npm removes what only that needed and adds what is missing.
   */
  async install(id: string): Promise<void> {
    const closure = withDependencies(id, this.packages).map(({ manifest }) => manifest.name)
    const tarball = (name: string): [string, string] => [name, `file:${this.tarballs.get(name)}`]
    const manifest = {
      private: true,
      type: 'module',
      dependencies: Object.fromEntries([tarball(`@m2l/${id}`)]),
      overrides: Object.fromEntries(closure.filter((name) => name !== `@m2l/${id}`).map(tarball)),
    }
    writeFileSync(join(this.folder, 'package.json'), JSON.stringify(manifest))
    await spawn('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund'], this.options)
  }

  /** Names of what is installed and would run a script while it is. */
  packagesWithScripts(): string[] {
    interface Lock {
      readonly packages: Readonly<Record<string, { readonly hasInstallScript?: boolean }>>
    }
    const { packages } = readJson<Lock>(join(this.folder, 'node_modules/.package-lock.json'))
    return Object.keys(packages).filter((path) => packages[path]!.hasInstallScript)
  }

  /** Bytes of all files that are installed. */
  installedBytes(): number {
    return readdirSync(join(this.folder, 'node_modules'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0)
  }

  /** Checks the example's types and returns its JavaScript. @throws Error with what TypeScript found. */
  async compile(example: string): Promise<string> {
    writeFileSync(join(this.folder, 'example.ts'), example)
    const findings = await compileExamples(this.folder, ['example.ts'])
    if (findings.length > 0) throw new Error(findings.join('\n'))
    return readFileSync(join(this.folder, 'example.js'), 'utf8')
  }

  /** Runs an example as compiled and returns what it printed on stdout. */
  async run(program: string): Promise<string> {
    writeFileSync(join(this.folder, 'example.js'), program)
    const { stdout } = await spawn('node', ['example.js'], this.options)
    if (stdout.trim() === '') throw new Error('the example printed nothing')
    return stdout
  }

  private get options() {
    const { home, npmConfiguration, cache } = this.surroundings
    const env = {
      PATH: [this.node.folder, process.env.PATH].join(delimiter),
      HOME: home,
      M2L_CACHE: cache,
      npm_config_userconfig: npmConfiguration,
      npm_config_cache: join(home, '.npm'),
      npm_config_ignore_scripts: 'false',
    }
    return { cwd: this.folder, env }
  }
}
