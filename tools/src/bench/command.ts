import { runCommand } from '../command-line.js'
import { readArguments, usage } from './arguments.js'
import { measure } from './measure.js'
import { assertPeerRuns } from './peer.js'
import { reportJson, reportTable } from './report.js'
import { classNames } from './works/class-folders.js'

/**
 * Measures works and prints how long they took, beside a peer's where there is one.
 *
 * @param args the words after the program's name
 * @param start the folder from which files and folders are found
 * @returns the exit code: 0 everything is measured, 2 bad input or a peer that cannot run
 */
export function runBenchCommand(args: readonly string[], start: string): Promise<number> {
  return runCommand('bench', async () => {
    const asked = readArguments(args, start)
    if (asked === 'help') {
      process.stdout.write(`${usage}\n`)
      return 0
    }
    const { json, ...settings } = asked
    if (settings.data !== undefined) await classNames(settings.data)
    if (settings.peer) await assertPeerRuns(settings.peer, settings.works)
    const rows = await measure(settings, (line) => {
      if (!json) process.stderr.write(`measuring ${line}\n`)
    })
    process.stdout.write(`${json ? reportJson(rows) : reportTable(rows)}\n`)
    return 0
  })
}
