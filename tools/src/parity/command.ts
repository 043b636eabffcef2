import { resolve } from 'node:path'
import { InputError, loadEngine } from '@m2l/engine'
import { commonOptions, readWords, runCommand } from '../command-line.js'
import { readCases } from './read-cases.js'
import { reportJson, reportTable, type CaseReport } from './report.js'
import { runCase } from './run-case.js'

const usage = 'usage: npm run parity -- FOLDER [--json] [--help]'

const help = `${usage}

Runs the parity cases of a folder through the public packages, and compares with what it expects.

  --json  one line of JSON on standard output and nothing else
  --help  this text

Exit codes: 0 all cases pass, 1 some case fails, 2 the folder cannot be used.`

/**
 * Runs the cases of a folder and prints how they went.
 *
 * @param args the words after the program's name
 * @param start the folder from which FOLDER is found
 * @returns the exit code: 0 all cases pass, 1 some case fails, 2 bad input
 */
export function runParityCommand(args: readonly string[], start: string): Promise<number> {
  return runCommand('parity', async () => {
    const { values, positionals } = readWords(
      { args: [...args], options: commonOptions, allowPositionals: true },
      usage,
    )
    if (values.help) {
      process.stdout.write(`${help}\n`)
      return 0
    }
    const { json } = values
    const [folder, ...others] = positionals
    if (folder === undefined || others.length > 0) throw new InputError(usage)
    await loadEngine()
    const { salt, cases } = await readCases(resolve(start, folder))
    const reports: CaseReport[] = []
    for (const parityCase of cases) {
      if (!json) process.stderr.write(`running ${parityCase.name}\n`)
      const outcome = await runCase(salt, parityCase)
      reports.push({ name: parityCase.name, tolerance: parityCase.tolerance.text, ...outcome })
    }
    process.stdout.write(`${json ? reportJson(reports) : reportTable(reports)}\n`)
    return reports.every(({ pass }) => pass) ? 0 : 1
  })
}
