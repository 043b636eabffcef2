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

/**
 * Sums the reports that the last test run of every project left in `.vitest/results.json` and prints
 * `N passed, N failed`. A test file that could not be loaded, a project without tests
 * and a project without a report count as one failure each.
 */
let passed = 0
let failed = 0
for (const manifest of await fastGlob(
  ['packages/*/package.json', 'examples/*/package.json', 'tools/package.json'],
  {
    cwd: workspaceRoot,
    absolute: true,
  },
)) {
  if (!readJson<{ scripts?: { test?: string } }>(manifest).scripts?.test) continue
  const path = join(manifest, '../.vitest/results.json')
  if (!existsSync(path)) {
    console.error(`no test report in ${relative(workspaceRoot, path)}: the tests did not run to their end`)
    failed += 1
    continue
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
