import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { InputError, loadEngine } from '@m2l/engine'
import { readCases } from './read-cases.js'
import { reportJson, reportTable, type CaseReport } from './report.js'
import { runCase } from './run-case.js'

const usage = 'usage: npm run parity -- FOLDER [--json]'

/**
 * Runs the cases of a folder and prints how they went.
 *
 * @param args the words after the program's name
 * @param start the folder from which FOLDER is found
 * @returns the exit code: 0 all cases pass, 1 some case fails, 2 bad input
 */
export async function runParityCommand(args: readonly string[], start: string): Promise<number> {
  try {
    const { folder, json } = readArguments(args)
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
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    process.stderr.write(`parity: ${error.message.replaceAll(/\s*\n\s*/g, ' ')}\n`)
    return 2
  }
}

function readArguments(args: readonly string[]): { readonly folder: string; readonly json: boolean } {
  let parsed
  try {
    parsed = parseArgs({
      args: [...args],
      options: { json: { type: 'boolean', default: false } },
      allowPositionals: true,
    })
  } catch (error) {
    throw new InputError(`${(error as Error).message}; ${usage}`, { cause: error })
  }
  const [folder, ...others] = parsed.positionals
  if (folder === undefined || others.length > 0) throw new InputError(usage)
  return { folder, json: parsed.values.json }
}
