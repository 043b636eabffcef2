import { runCommand } from '../command-line.js'
import { help, readArguments } from './arguments.js'
import { openClassPictures } from './class-pictures.js'
import { mostShots } from './draws.js'
import { measureFolder, type FolderResult } from './measure.js'
import { assertPeerRuns } from './peer.js'
import { reportJson, reportTables } from './report.js'

/**
 * Measures classifiers of a few examples on folders of pictures, and prints how they compare. Bad folders are
 * told before anything is measured.
 *
 * @param args the words after the program's name
 * @param start the folder from which files and folders are found
 * @returns the exit code: 0 everything is measured, 2 bad input or a peer that cannot run
 */
export function runOwnPicturesCommand(args: readonly string[], start: string): Promise<number> {
  return runCommand('own-pictures', async () => {
    const asked = readArguments(args, start)
    if (asked === 'help') {
      process.stdout.write(`${help}\n`)
      return 0
    }
    const { data, json, ...settings } = asked
    for (const path of data) await (await openClassPictures(path, settings.ways, mostShots + 1)).close()
    if (settings.peer) await assertPeerRuns(settings.peer)
    const results: FolderResult[] = []
    for (const path of data)
      results.push(await measureFolder(path, settings, (line) => process.stderr.write(`${line}\n`)))
    process.stdout.write(`${json ? reportJson(results, settings) : reportTables(results)}\n`)
    return 0
  })
}
