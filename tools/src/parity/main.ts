import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { InputError, loadEngine } from '@m2l/engine'
import { ParityFolder } from './parity-folder.js'
import { reportJson, reportTable, type CaseReport } from './report.js'
import { runCase } from './run-case.js'

const usage = 'usage: npm run parity -- FOLDER [--json]'

try {
  const { folder, json } = readArguments()
  await loadEngine()
  const { salt, cases } = await new ParityFolder(folder).cases()
  const reports: CaseReport[] = []
  for (const parityCase of cases) {
    if (!json) console.error(`running ${parityCase.name}`)
    const outcome = await runCase(salt, parityCase)
    reports.push({ name: parityCase.name, tolerance: parityCase.tolerance.text, ...outcome })
  }
  console.log(json ? reportJson(reports) : reportTable(reports))
  process.exitCode = reports.every(({ pass }) => pass) ? 0 : 1
} catch (error) {
  if (!(error instanceof InputError)) throw error
  console.error(`parity: ${error.message.replaceAll(/\s*\n\s*/g, ' ')}`)
  process.exitCode = 2
}

/** The folder is resolved from where npm was called, which is not where npm runs its scripts. */
function readArguments(): { readonly folder: string; readonly json: boolean } {
  try {
    const { values, positionals } = parseArgs({
      options: { json: { type: 'boolean', default: false } },
      allowPositionals: true,
    })
    const [folder, ...others] = positionals
    if (folder === undefined || others.length > 0) throw new InputError(usage)
    return { folder: resolve(process.env.INIT_CWD ?? '', folder), json: values.json }
  } catch (error) {
    throw error instanceof InputError ? error : new InputError(`${(error as Error).message}; ${usage}`)
  }
}
