import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { parseTar } from 'nanotar'
import { InstallationError } from '../fetch/installation-error.js'
import { DiskFullError, saysDiskFull } from '../fetch/disk-space.js'
import type { PinnedPackage } from './pinned-packages.js'
import { commandWorks, runCommand } from '../fetch/run-command.js'
import { toolEnvironment } from '../fetch/tool-environment.js'

/**
 * Brings pinned packages into a folder `node_modules` with npm, from wherever npm is configured to look.
 * Their hashes are checked before anything is taken out of them, and no script of theirs is run.
 *
 * @param folder where `node_modules` appears.
 * @param workFolder one for what is needed on the way.
 * @throws {InstallationError} there is no npm, npm failed, or a hash is another.
 */
export async function fetchPackages(
  packages: readonly PinnedPackage[],
  folder: string,
  workFolder: string,
  signal?: AbortSignal,
): Promise<void> {
  const npm = await findNpm()
  const environment = withoutWorkspace(await toolEnvironment(workFolder))
  for (const pinned of packages) {
    const target = join(workFolder, 'packages', basename(pinned.name))
    await mkdir(target, { recursive: true })
    const places = ['--pack-destination', target, '--cache', join(workFolder, 'npm-cache')]
    const { code, output } = await runCommand(
      npm[0],
      [...npm.slice(1), 'pack', nameOf(pinned), ...places, '--ignore-scripts', '--loglevel=error'],
      { cwd: currentFolder() ?? workFolder, env: environment, signal },
    )
    signal?.throwIfAborted()
    if (code !== 0) {
      throw saysDiskFull(output) ? new DiskFullError() : new InstallationError(explainFailure(pinned, output))
    }
    const archive = (await readdir(target)).find((name) => name.endsWith('.tgz'))
    if (!archive) throw new InstallationError(`npm left no archive of ${nameOf(pinned)}; ${remedy}`)
    await unpack(await readChecked(join(target, archive), pinned), join(folder, 'node_modules', pinned.name))
  }
  await rm(join(workFolder, 'npm-cache'), { recursive: true, force: true })
}

const nameOf = ({ name, version }: PinnedPackage): string => `${name}@${version}`

async function readChecked(file: string, pinned: PinnedPackage): Promise<Buffer> {
  const bytes = await readFile(file)
  const sha512 = createHash('sha512').update(bytes).digest('base64')
  if (sha512 === pinned.sha512) return bytes
  throw new InstallationError(
    `${nameOf(pinned)} has SHA-512 ${sha512} instead of ${pinned.sha512}: it is damaged or not the one that was pinned; ` +
      remedy,
  )
}

/** Takes a package apart, without its tests, declarations and sources in TypeScript. */
async function unpack(archive: Buffer, folder: string): Promise<void> {
  const unpacked = new Uint8Array(gunzipSync(archive)) // a memory of its own, whose start parseTar takes for the archive's
  for (const { name, type, data } of parseTar(unpacked)) {
    const path = name.slice(name.indexOf('/') + 1)
    if (type !== 'file' || /\.ts$|_test\.|^scripts\//.test(path)) continue
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), data ?? '')
  }
}

/**
 * The npm that runs this program, else that of the PATH, else the one that came with this Node.js; as a
 * command and its first arguments.
 *
 * @throws {InstallationError} there is none.
 */
export async function findNpm(): Promise<[string, ...string[]]> {
  const running = process.env.npm_execpath?.replace(/npx-cli\.js$/, 'npm-cli.js')
  if (running !== undefined && basename(running) === 'npm-cli.js' && existsSync(running)) {
    return [process.execPath, running]
  }
  if (await commandWorks('npm', '--version')) return ['npm']
  const prefix = dirname(dirname(process.execPath))
  const beside = join(prefix, 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js')
  if (existsSync(beside)) return [process.execPath, beside]
  throw new InstallationError(
    'npm is missing: it fetches the binding between Node.js and TensorFlow; put it on the PATH ' +
      '(on Debian or Ubuntu: sudo apt-get install npm) and type the command again',
  )
}

/** A workspace that npm was started for would be packed as well. */
function withoutWorkspace(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const passed =
    /^npm_config_(workspaces?|include_workspace_root|dry_run|json|global|location|ignore_scripts)$/i
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !passed.test(name)))
}

/** The folder whose `.npmrc` may name a registry; undefined where it has been removed. */
function currentFolder(): string | undefined {
  try {
    return process.cwd()
  } catch {
    return undefined
  }
}

const remedy =
  'check the network and the registry that npm uses (npm config get registry), then type the command again'

function explainFailure(pinned: PinnedPackage, output: string): string {
  const error = output
    .split('\n')
    .map((line) => /^npm (?:error|ERR!) (.+)/.exec(line)?.[1] ?? '')
    .find((line) => line !== '' && !/^(errno|syscall|code|path|dest)\b|complete log/.test(line))
  const reason = (error ?? output.trim().split('\n').at(-1) ?? '').slice(0, 300)
  return `npm could not fetch ${nameOf(pinned)} (${reason}); ${remedy}`
}
