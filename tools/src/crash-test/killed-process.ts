import { spawn } from 'node:child_process'
import { readdirSync, watch } from 'node:fs'
import { join } from 'node:path'
import { workspaceRoot } from '../workspace.js'
import { runNames } from './training.js'

/** The compiled worker: a process of its own runs it, whether this runs compiled or not. */
const worker = join(workspaceRoot, 'tools/dist/crash-test/worker.js')

/**
 * When a process is killed: some time after its start, or after the next file of a run that it begins to
 * write.
 */
export interface KillMoment {
  readonly after: 'start' | 'write'
  readonly milliseconds: number
}

/** How a process ended. */
export interface Ended {
  /** False when it had done its work before. */
  readonly killed: boolean
  /** Whether it was killed while it wrote a checkpoint. */
  readonly duringWrite: boolean
  readonly milliseconds: number
}

/**
 * Runs the training in a folder until it is done or killed.
 *
 * @param moment not killed if not given
 * @throws when the training fails
 */
export async function runUntil(folder: string, moment?: KillMoment): Promise<Ended> {
  const start = performance.now()
  const child = spawn(process.execPath, [worker, folder], { stdio: ['ignore', 'ignore', 'pipe'] })
  let complaint = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text))
  const kill = () => child.kill('SIGKILL')
  let stopWatching = () => {}
  if (moment?.after === 'start') {
    const timer = setTimeout(kill, moment.milliseconds)
    stopWatching = () => clearTimeout(timer)
  } else if (moment) stopWatching = onNextWrite(folder, () => setTimeout(kill, moment.milliseconds))
  const { code, signal } = await new Promise<{ code: number | null; signal: string | null }>((done, fail) => {
    child.on('error', fail).on('close', (exitCode, by) => done({ code: exitCode, signal: by }))
  })
  stopWatching()
  const killed = signal === 'SIGKILL'
  if (!killed && code !== 0) throw new Error(`the training failed: ${complaint || `exit code ${code}`}`)
  return { killed, duringWrite: killed && isHalfWritten(folder), milliseconds: performance.now() - start }
}

/** Acts once when a file of a checkpoint is begun. */
function onNextWrite(folder: string, act: () => void): () => void {
  const watchers = runNames.map((name) =>
    watch(join(folder, name), (_, file) => {
      if (file?.endsWith('.tmp') && file.includes('.safetensors')) {
        stop()
        act()
      }
    }),
  )
  const stop = () => watchers.splice(0).forEach((watcher) => watcher.close())
  return stop
}

function isHalfWritten(folder: string): boolean {
  return runNames.some((name) =>
    readdirSync(join(folder, name)).some(
      (file) => file === 'next.safetensors' || /\.safetensors\..*\.tmp$/.test(file),
    ),
  )
}
