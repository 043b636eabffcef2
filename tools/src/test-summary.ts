import { existsSync } from 'node:fs'
import { join, relative } from 'node:path'
import fastGlob from 'fast-glob'
import { readJson, workspaceRoot } from './workspace.js'

/** The part of vitest's JSON report that is summed. */
interface TestReport {
  readonly success: boolean
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly unknown[] }[]
}

/** The report that each script of a project leaves in its folder `.vitest`. */
const reports: Readonly<Record<string, string>> = {
  test: 'results.json',
  'test:pages': 'page-results.json',
}

/**
 * Sums the reports that the last test runs of every project left and prints `N passed, N failed`. Words are
 * `SCRIPT=CHECKOUT`, such as `test=.`. A test file that could not be loaded, a project without tests and a
 * project without a report count as one failure each.
 */
let passed = 0
let failed = 0
for (const word of process.argv.slice(2)) {
  const [script = '', checkout = '.'] = word.split('=')
  const file = reports[script]
  if (file === undefined) {
    console.error(`${word}: expected SCRIPT=CHECKOUT with ${Object.keys(reports).join(' or ')} as the script`)
    process.exit(2)
  }
  const patterns = ['packages/*/package.json', 'examples/*/package.json', 'tools/package.json']
  const manifests = await fastGlob(patterns, { cwd: checkout, absolute: true })
  if (manifests.length === 0) {
    console.error(`${word}: ${checkout} holds no packages`)
    failed += 1
  }
  for (const manifest of manifests) {
    const { scripts = {} } = readJson<{ scripts?: Readonly<Record<string, string>> }>(manifest)
    if (script in scripts) count(join(manifest, '../.vitest', file))
  }
}

function count(path: string): void {
  if (!existsSync(path)) {
    console.error(`no test report in ${relative(workspaceRoot, path)}: the tests did not run to their end`)
    failed += 1
    return
  }
  const report = readJson<TestReport>(path)
  const unloadable = report.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
  )
  passed += report.numPassedTests
  failed += Math.max(report.numFailedTests + unloadable.length, report.success ? 0 : 1)
}

console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
