import { join } from 'node:path'
import Table from 'cli-table3'
import type { ReaderReport } from './run-reader.js'
import { fileOf, type Finding } from './work.js'

type Reports = ReadonlyMap<string, ReaderReport>

const counts = ['runs', 'crashes', 'hangs', 'overMemory'] as const

/** One line of JSON: what was counted in all, and for each reader. */
export function reportJson(reports: Reports): string {
  const perReader = [...reports].map(([name, { findings: _findings, seconds, ...report }]) => [
    name,
    { ...report, seconds: Number(seconds.toFixed(1)) },
  ])
  return JSON.stringify({ ...totals(reports), perReader: Object.fromEntries(perReader) })
}

/** A row for each reader, and one for all. */
export function reportTable(reports: Reports): string {
  const table = new Table({
    head: ['reader', 'inputs', 'accepted', 'refused', 'crashes', 'hangs', 'over memory', 'seconds'],
    style: { head: [], border: [] },
  })
  for (const [name, report] of reports) {
    const { runs, accepted, refused, crashes, hangs, overMemory, seconds } = report
    table.push([name, runs, accepted, refused, crashes, hangs, overMemory, seconds.toFixed(1)])
  }
  const { runs, crashes, hangs, overMemory } = totals(reports)
  const sum = (key: 'accepted' | 'refused' | 'seconds') =>
    [...reports.values()].reduce((total, report) => total + report[key], 0)
  table.push([
    'all',
    runs,
    sum('accepted'),
    sum('refused'),
    crashes,
    hangs,
    overMemory,
    sum('seconds').toFixed(1),
  ])
  return table.toString()
}

function totals(reports: Reports): Record<(typeof counts)[number], number> {
  const sum = (key: (typeof counts)[number]) =>
    [...reports.values()].reduce((total, report) => total + report[key], 0)
  return Object.fromEntries(counts.map((key) => [key, sum(key)])) as Record<(typeof counts)[number], number>
}

/** What was found, and how to see it again. */
export function findingLines(
  findings: readonly Finding[],
  { seed, found, replay }: { seed: number; found: string; replay?: string },
): string[] {
  return findings.map(({ reader, fault, index, what }) => {
    const file = replay ?? join(found, fileOf({ reader, seed, index }))
    return `${reader}: ${fault} (${what.trim().slice(0, 600)})\n  again: npm run fuzz -- --reader ${reader} --replay ${file}`
  })
}
