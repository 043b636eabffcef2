import Table from 'cli-table3'
import type { Outcome } from './run-case.js'

/** A case's outcome, its name and its tolerance. */
export interface CaseReport extends Outcome {
  readonly name: string
  readonly tolerance: string
}

/** One line of JSON; a difference that is no finite number, as where shapes differ, is `null`. */
export function reportJson(reports: readonly CaseReport[]): string {
  const cases = reports.map(({ name, pass, maxAbs, maxRel }) => ({ case: name, pass, maxAbs, maxRel }))
  return JSON.stringify({ cases, ...counts(reports) })
}

/** A row a case, and the counts. */
export function reportTable(reports: readonly CaseReport[]): string {
  const table = new Table({
    head: ['case', 'absolute', 'relative', 'tolerance', 'runs', '', 'largest in'],
    style: { head: [], border: [] },
  })
  for (const { name, maxAbs, maxRel, tolerance, runs, pass, worst } of reports) {
    table.push([name, scientific(maxAbs), scientific(maxRel), tolerance, runs, pass ? 'pass' : 'FAIL', worst])
  }
  const { passed, failed } = counts(reports)
  return `${table.toString()}\n${passed} passed, ${failed} failed`
}

function counts(reports: readonly CaseReport[]) {
  const passed = reports.filter(({ pass }) => pass).length
  return { passed, failed: reports.length - passed }
}

function scientific(value: number): string {
  return value === 0 ? '0' : value.toExponential(1)
}
