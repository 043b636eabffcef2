import { access } from 'node:fs/promises'
import { InputError } from '@m2l/engine'
import { runCommand } from '../command-line.js'
import { type FuzzSettings, readArguments, usage } from './arguments.js'
import { readers } from './readers.js'
import { findingLines, reportJson, reportTable } from './report.js'
import { type ReaderReport, runReader } from './run-reader.js'

/**
 * Has the readers read made inputs, and prints how they did.
 *
 * @param args the words after the program's name
 * @param start the folder from which files and folders are found
 * @returns the exit code: 0 nothing found, 1 a reader fails on some input, 2 bad input
 */
export function runFuzzCommand(args: readonly string[], start: string): Promise<number> {
  return runCommand('fuzz', async () => {
    const { json, help, ...settings } = readArguments(args, start)
    if (help) {
      process.stdout.write(`${usage}\n`)
      return 0
    }
    await requireFile(settings.replay)
    const reports = await fuzz(settings, (name) => {
      if (!json) process.stderr.write(`${name}\n`)
    })
    process.stdout.write(`${json ? reportJson(reports) : reportTable(reports)}\n`)
    const findings = [...reports.values()].flatMap((report) => report.findings)
    for (const line of findingLines(findings, settings)) process.stderr.write(`${line}\n`)
    return findings.length > 0 ? 1 : 0
  })
}

async function fuzz(
  { runs, readers: names, seed, found, replay }: FuzzSettings,
  say: (name: string) => void,
): Promise<Map<string, ReaderReport>> {
  const reports = new Map<string, ReaderReport>()
  for (const [reader, count] of shares(runs, names)) {
    if (count === 0) continue
    say(reader)
    const options = { reader, runs: count, seed, found, ...(replay !== undefined && { replay }) }
    reports.set(reader, await runReader(options))
  }
  return reports
}

/** How many inputs each reader gets; together they are all. */
function shares(runs: number, names: readonly string[]): Map<string, number> {
  const chosen = readers.filter(({ name }) => names.includes(name))
  const total = chosen.reduce((sum, { share }) => sum + share, 0)
  let [given, covered] = [0, 0]
  return new Map(
    chosen.map(({ name, share }) => {
      covered += share
      const count = Math.round((runs * covered) / total) - given
      given += count
      return [name, count]
    }),
  )
}

async function requireFile(file: string | undefined): Promise<void> {
  if (file === undefined) return
  await access(file).catch(() => {
    throw new InputError(`${file}: cannot be read; name an input that was found`)
  })
}
