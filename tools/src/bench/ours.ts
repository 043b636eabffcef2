import { join } from 'node:path'
import { InputError } from '@m2l/engine'
import spawn, { SubprocessError } from 'nano-spawn'
import { workspaceRoot } from '../workspace.js'
import type { Job, Measurement } from './work.js'

/** The compiled worker: a process of its own runs it, whether this runs compiled or not. */
const worker = join(workspaceRoot, 'tools/dist/bench/worker.js')

/**
 * Measures our side in a new process, so that peak memory is that of this work alone.
 *
 * @throws {InputError} when the data folder cannot be used
 */
export async function measureOurs(job: Job): Promise<Measurement> {
  try {
    const { stdout, stderr } = await spawn(process.execPath, [worker, JSON.stringify(job)])
    if (stderr !== '') process.stderr.write(`${stderr}\n`)
    return JSON.parse(stdout) as Measurement
  } catch (error) {
    if (error instanceof SubprocessError && error.exitCode === 2)
      throw new InputError(error.stderr, { cause: error })
    throw error
  }
}
