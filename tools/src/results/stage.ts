import { spawn } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { once } from 'node:events'
import { workspaceRoot } from '../workspace.js'

const program = join(workspaceRoot, 'packages/cli/bin/m2l.js')

/** A stage failed: its process said why in its log. */
export class StageError extends Error {
  override readonly name = 'StageError'
}

/** Work was interrupted; begun again it goes on where it was. */
export class StoppedError extends Error {
  override readonly name = 'StoppedError'
}

/**
 * Runs `m2l` to its end in a process of its own, whose output goes to a log file. Aborting lets it finish the
 * step under way and save.
 *
 * @returns how many seconds it took
 * @throws {StoppedError} when it was interrupted
 * @throws {StageError} when it failed
 */
export async function runStage(words: readonly string[], log: string, signal: AbortSignal): Promise<number> {
  if (signal.aborted) throw new StoppedError('stopped before it began')
  const start = performance.now()
  await mkdir(dirname(log), { recursive: true })
  const output = createWriteStream(log, { flags: 'a' })
  await once(output, 'open')
  // In a process group of its own, so that Ctrl-C on a terminal reaches it once, through us.
  const child = spawn(process.execPath, [program, ...words], {
    detached: true,
    stdio: ['ignore', output, output],
  })
  const stop = () => child.kill('SIGTERM')
  signal.addEventListener('abort', stop)
  try {
    const [code] = (await once(child, 'close')) as [number | null]
    const seconds = (performance.now() - start) / 1000
    if (code === 0) return seconds
    if (signal.aborted || code === 130 || code === 143)
      throw new StoppedError(`stopped in ${words[0]} after ${seconds.toFixed(0)} s`)
    const said = (await readFile(log, 'utf8')).trimEnd().split('\n').at(-1)
    throw new StageError(`m2l ${words[0]} failed (${code ?? 'killed'}): ${said} (${log})`)
  } finally {
    signal.removeEventListener('abort', stop)
    output.close()
  }
}
